// A case as its definition has it: the steps, the ways between them, and where it stands; all of it is there as text too.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { HEIGHT, layOut, WIDTH, type Drawn, type Graph, type Placed, type Way } from "./case-layout";
import { Legend } from "./diagram";
import { MARK_WORDS, type Marks } from "./model";

const LEAST = 0.82; // smaller, its words are not read
const LINE = 16;
const PADDING = 20, SCROLLBAR = 18;
const KINDS: Record<string, string> = { human: "Person", system: "System", decision: "Decision", final: "End" };

interface Props { graph: Graph; label: string; marks?: Marks; current?: string; taken?: (way: Way) => number }

export function CaseDiagram({ graph, label, marks = {}, current = "", taken = () => 0 }: Props) {
  const figure = useRef<HTMLElement>(null), box = useRef<HTMLDivElement>(null);
  const [room, set] = useState(0);
  useEffect(() => {
    const watch = new ResizeObserver(([one]) => {
      const width = one!.contentRect.width - PADDING;
      set((before) => Math.abs(width - before) > SCROLLBAR ? width : before); // else drawing it anew could make it come and go
    });
    if (figure.current) watch.observe(figure.current);
    return () => watch.disconnect();
  }, []);
  const both = useMemo(() => [layOut(graph, false), layOut(graph, true)] as const, [graph]);
  const layout = both[0].width * LEAST <= room ? both[0] : both[1];
  const scale = Math.min(1, Math.max(LEAST, room / layout.width));
  useEffect(() => {
    const at = layout.nodes.find((node) => node.id === current);
    if (at && box.current) box.current.scrollTo({ left: (at.x + WIDTH / 2) * scale - box.current.clientWidth / 2, top: (at.y + HEIGHT / 2) * scale - box.current.clientHeight / 2 });
  }, [layout, scale, current]);
  return (
    <figure class="diagram case" ref={figure} aria-label={label}>
      <div class="case-canvas" ref={box} tabIndex={0} role="group" aria-label="Drawing of the steps, which can be scrolled">
        <svg width={layout.width * scale} height={layout.height * scale} viewBox={`0 0 ${layout.width} ${layout.height}`} aria-hidden="true" focusable="false">
          <defs>
            {["", "taken"].map((kind) => <marker key={kind} id={`tip${kind}`} class={`tip ${kind}`} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" /></marker>)}
          </defs>
          {layout.ways.map((way, nth) => <Line key={nth} way={way} times={taken(way)} />)}
          {layout.nodes.map((node) => <Box key={node.id} node={node} mark={marks[node.id]} current={node.id === current} />)}
          {layout.ways.map((way, nth) => <Label key={nth} way={way} times={taken(way)} />)}
        </svg>
      </div>
      <Words graph={graph} marks={marks} current={current} taken={taken} />
      {Object.keys(marks).length > 0 && <Legend marks={new Set(Object.values(marks))} />}
    </figure>
  );
}

const Line = ({ way, times }: { way: Drawn; times: number }) =>
  <path class={times ? "way taken" : "way"} d={way.path} marker-end={`url(#tip${times ? "taken" : ""})`} />;

const Label = ({ way: { at: [x, y], label }, times }: { way: Drawn; times: number }) =>
  label ? <text class="on" x={x} y={y}>{times > 1 ? `${label} ×${times}` : label}</text> : null;

function Box({ node: { x, y, name, kind }, mark, current }: { node: Placed; mark: string | undefined; current: boolean }) {
  const lines = wrapped(name);
  return (
    <g class={`step ${kind} ${mark ? `is-${mark}` : ""} ${current ? "is-current" : ""}`} transform={`translate(${x} ${y})`}>
      <rect width={WIDTH} height={HEIGHT} rx={kind === "final" ? HEIGHT / 2 : kind === "decision" ? 2 : 9} />
      <text class="kind" x={WIDTH / 2} y={15}>{KINDS[kind] ?? kind}</text>
      {lines.map((line, nth) => <text key={nth} x={WIDTH / 2} y={(lines.length > 1 ? 31 : 38) + nth * 16}>{line}</text>)}
    </g>
  );
}

/** Breaks a name into two lines at most; what is longer ends in dots. */
function wrapped(name: string): string[] {
  const lines = [""];
  for (const word of name.split(/\s+/)) {
    const last = lines.at(-1)!;
    if (!last || last.length + word.length < LINE) lines[lines.length - 1] = last ? `${last} ${word}` : word;
    else lines.push(word);
  }
  const cut = (line: string, more: boolean) => line.length > LINE + 2 || more ? `${line.slice(0, LINE)} …` : line;
  return lines.slice(0, 2).map((line, nth) => cut(line, nth === 1 && lines.length > 2));
}

/** The same for whoever does not see the drawing. */
function Words({ graph: { steps, transitions }, marks, current, taken }: Required<Omit<Props, "label">>) {
  const names = new Map(steps.map((step) => [step.id, step.name]));
  return (
    <ol class="hidden">
      {steps.map((step) => (
        <li key={step.id} aria-current={step.id === current ? "step" : undefined}>
          {step.name}, {(KINDS[step.kind] ?? step.kind).toLowerCase()}{marks[step.id] ? `, ${MARK_WORDS[marks[step.id]!].toLowerCase()}` : ""}
          {transitions.some((way) => way.source === step.id) && (
            <ul>{transitions.filter((way) => way.source === step.id).map((way, nth) => (
              <li key={nth}>{way.label ? `${way.label}: ` : ""}to {names.get(way.target) ?? way.target}{taken(way) ? `, taken ${taken(way) === 1 ? "once" : `${taken(way)} times`}` : ""}</li>
            ))}</ul>
          )}
        </li>
      ))}
    </ol>
  );
}

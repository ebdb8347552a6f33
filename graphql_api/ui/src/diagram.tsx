// A diagram on a page: bpmn-js comes when it is needed; the same facts are there as text.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Diagram as Viewer, Shown } from "./diagram-viewer";
import { Icon } from "./icons";
import { MARK_WORDS, type Mark } from "./model";
import { part } from "./patience";

type Props = Shown & { bpmn: string; label: string };

export function Diagram({ bpmn, label, ...shown }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const viewer = useRef<Viewer | null>(null);
  const [state, set] = useState<"loading" | "ready" | "broken">("loading");
  useEffect(() => {
    let gone = false;
    const leave = new AbortController();
    let watch: ResizeObserver | undefined;
    const open = async () => {
      const { Diagram } = await part(() => import("./diagram-viewer"), leave.signal);
      if (gone || !box.current) return;
      const made = (viewer.current = new Diagram(box.current));
      await made.open(bpmn);
      if (gone) return;
      let begun = false; // it speaks once at the beginning, when nothing has changed
      watch = new ResizeObserver(() => { if (begun) made.fit(); begun = true; });
      watch.observe(box.current);
      set("ready");
    };
    set("loading");
    open().catch(() => { if (!gone) set("broken"); });
    return () => { gone = true; leave.abort(); watch?.disconnect(); viewer.current?.close(); viewer.current = null; };
  }, [bpmn]);
  const facts = JSON.stringify(shown);
  useEffect(() => { if (state === "ready") viewer.current?.show(shown); }, [state, facts]);
  return (
    <figure class="diagram" aria-label={label}>
      <div class="canvas" ref={box} data-state={state} />
      {state === "loading" && <p class="over" role="status">Drawing …</p>}
      {state === "broken" && <p class="over" role="alert">This model cannot be drawn.</p>}
      {state === "ready" && (
        <div class="zoom">
          <button type="button" aria-label="Zoom in" onClick={() => viewer.current?.zoom(1.25)}><Icon name="plus" size={16} /></button>
          <button type="button" aria-label="Zoom out" onClick={() => viewer.current?.zoom(0.8)}><Icon name="minus" size={16} /></button>
          <button type="button" aria-label="Show all" onClick={() => viewer.current?.fit()}><Icon name="fit" size={16} /></button>
        </div>
      )}
      {shown.marks && <Legend marks={new Set(Object.values(shown.marks))} />}
    </figure>
  );
}

export function Legend({ marks }: { marks: ReadonlySet<Mark> }) {
  const all = Object.keys(MARK_WORDS) as Mark[];
  return <figcaption class="legend">{all.filter((mark) => marks.has(mark)).map((mark) => <span key={mark} class={`key ${mark}`}>{MARK_WORDS[mark]}</span>)}</figcaption>;
}

// What lists of every kind do: pages that follow each other, and a row that the keyboard is at.

import { Component, type ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { News, Topic } from "./live";
import { patiently } from "./patience";
import { useRead } from "./query";

const PAGE = 30;
const NEXT = 100; // as many as the server gives at once
const AHEAD = 30; // so many rows before the end the next ones are asked for

export interface Connection<N> { edges: { node: N }[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } }
type ReadPage<N> = (first: number, after: string | null) => Promise<Connection<N>>;

/** `after` is where reading goes on; without it all is read again. */
export interface Listed<N> { nodes: N[]; more: boolean; after: string | null }

/** Reads so many entries, in as many pages as it takes; more may be wanted meanwhile. */
async function readPages<N>(wanted: () => number, read: ReadPage<N>): Promise<Listed<N>> {
  const nodes: N[] = [];
  let info: Connection<N>["pageInfo"] = { hasNextPage: true, endCursor: null };
  while (nodes.length < wanted() && info.hasNextPage) {
    const page = await read(Math.min(NEXT, wanted() - nodes.length), info.endCursor);
    nodes.push(...page.edges.map((edge) => edge.node));
    info = page.pageInfo;
  }
  return { nodes, more: info.hasNextPage, after: info.endCursor };
}

/** Puts a record that changed into what is shown of a list: in its place if it fits, else out. */
export function placed<N>(list: Listed<N>, row: N, idOf: (row: N) => string, fits: boolean, order: (a: N, b: N) => number, wanted: number): Listed<N> {
  const at = list.nodes.findIndex((one) => idOf(one) === idOf(row));
  if (at >= 0) return { ...list, nodes: fits ? list.nodes.with(at, row) : list.nodes.toSpliced(at, 1) };
  if (!fits) return list;
  const behind = list.nodes.findIndex((one) => order(row, one) < 0);
  if (behind < 0) return list.more ? list : { ...list, nodes: [...list.nodes, row] };
  const nodes = list.nodes.toSpliced(behind, 0, row);
  return nodes.length > wanted ? { nodes: nodes.slice(0, wanted), more: true, after: null } : { ...list, nodes };
}

interface Kind<N> {
  topic: Topic;
  idOf: (row: N) => string;
  fits: (row: N) => boolean;
  order: (a: N, b: N) => number;
}

/** A list that follows the news, and grows at its end. `key` names what is read. */
export function useList<N>(read: ReadPage<N>, key: string, { topic, idOf, fits, order }: Kind<N>) {
  const wanted = useRef({ key, count: PAGE });
  if (wanted.current.key !== key) wanted.current = { key, count: PAGE };
  const patch = (known: Listed<N>, { row }: News) => placed(known, row as N, idOf, fits(row as N), order, wanted.current.count);
  const list = useRead(() => readPages(() => wanted.current.count, read), key, { topics: [topic], patch });
  const leave = useRef(new AbortController());
  useEffect(() => () => leave.current.abort(), []);
  const growing = useRef<string | null>(null);
  const grow = async () => {
    const data = list.latest();
    if (!data?.more || growing.current === key) return;
    growing.current = key;
    wanted.current = { key, count: data.nodes.length + NEXT };
    try {
      if (data.after === null) return await list.again();
      const page = await patiently(() => read(NEXT, data.after), leave.current.signal);
      list.change((known) => joined(known, data.after!, page, idOf));
    } catch {
      await list.again(); // says itself what is wrong
    } finally {
      growing.current = null;
    }
  };
  return { ...list, rows: list.data?.nodes ?? [], more: list.data?.more ?? false, grow: () => void grow() };
}

/** Adds the page behind what was read; in a list that was read anew meanwhile, it has no place. */
function joined<N>(known: Listed<N>, after: string, page: Connection<N>, idOf: (row: N) => string): Listed<N> {
  if (known.after !== after) return known;
  const have = new Set(known.nodes.map(idOf));
  const nodes = page.edges.map((edge) => edge.node).filter((one) => !have.has(idOf(one)));
  return { nodes: [...known.nodes, ...nodes], more: page.pageInfo.hasNextPage, after: page.pageInfo.endCursor };
}

interface Cursor { began?: string | null; more: boolean; grow: () => void }

/** The row the keyboard is at, kept by its id while the list changes under it; at the end of it the list grows. */
export function useCursor(ids: readonly string[], { began = null, more, grow }: Cursor) {
  const [at, set] = useState<string | null>(began);
  const place = useRef(at);
  place.current = at;
  const nth = useRef(0);
  if (at !== null && ids.includes(at)) nth.current = ids.indexOf(at);
  const owed = useRef(0); // steps beyond what is there yet
  useEffect(() => { if (began) set(began); }, [began]);
  const show = (id: string) => {
    set(place.current = id);
    const row = document.getElementById(`row-${id}`);
    row?.focus({ preventScroll: true }); // at once: the next key may be pressed already
    row?.scrollIntoView({ block: "nearest" });
  };
  const move = (by: number) => {
    if (!ids.length) return;
    const found = place.current === null ? -1 : ids.indexOf(place.current);
    const from = found < 0 && by > 0 ? nth.current - 1 : found < 0 ? nth.current : found; // a row that is gone leaves its place to the next
    const to = Math.max(0, from + by + (by > 0 ? owed.current : 0));
    const last = ids.length - 1;
    owed.current = more && to > last ? to - last : 0;
    nth.current = Math.min(to, last);
    show(ids[nth.current]!);
    if (more && to > last - AHEAD) grow();
  };
  useEffect(() => {
    if (!owed.current) return;
    const by = owed.current;
    owed.current = 0;
    if (document.activeElement?.closest("[data-row]") && place.current !== null && ids.includes(place.current)) move(by);
  }, [ids.length, more]);
  return { at: at !== null && ids.includes(at) ? at : null, set, move };
}

interface Pieces<N> { as: "div" | "tbody"; rows: readonly N[]; draw: (row: N) => ComponentChildren; markOf: (rows: readonly N[]) => string }

const PIECE = 50;

/** Draws rows by pieces; one is drawn again only when a row of it, or its mark, has changed. */
export function Rows<N>({ as, rows, draw, markOf }: Pieces<N>) {
  const pieces = Array.from({ length: Math.ceil(rows.length / PIECE) }, (_, nth) => rows.slice(nth * PIECE, (nth + 1) * PIECE));
  return <>{pieces.map((piece, nth) => <Piece key={nth} as={as} rows={piece} draw={draw} mark={markOf(piece)} />)}</>;
}

interface PieceProps { as: "div" | "tbody"; rows: readonly unknown[]; draw: (row: any) => ComponentChildren; mark: string }

class Piece extends Component<PieceProps> {
  override shouldComponentUpdate({ rows, mark }: PieceProps) {
    return mark !== this.props.mark || rows.length !== this.props.rows.length || rows.some((row, nth) => row !== this.props.rows[nth]);
  }

  override render() {
    const { as: Box, rows, draw } = this.props;
    return <Box class="piece" role={Box === "div" ? "presentation" : undefined}>{rows.map(draw)}</Box>;
  }
}

/** Below a list that goes on; it grows when one comes near. */
export function More({ grow }: { grow: () => void }) {
  const button = useRef<HTMLButtonElement>(null);
  const latest = useRef(grow);
  latest.current = grow;
  useEffect(() => {
    const watch = new IntersectionObserver(([seen]) => { if (seen!.isIntersecting) latest.current(); }, { rootMargin: "200px" });
    watch.observe(button.current!);
    return () => watch.disconnect();
  }, []);
  return <button type="button" ref={button} class="more" onClick={grow}>Show more</button>;
}

/** What was typed, at once; while keys follow each other faster than anybody types, once they rest. */
export function useRested(text: string, restMs = 60): string {
  const [rested, set] = useState(text);
  const typed = useRef(-Infinity);
  useEffect(() => {
    const pausedMs = performance.now() - typed.current;
    typed.current = performance.now();
    if (pausedMs > restMs) return set(text);
    const timer = setTimeout(() => set(text), restMs);
    return () => clearTimeout(timer);
  }, [text]);
  return rested;
}

// What lists of every kind do: pages that follow each other, and a row that the keyboard is at.

import { useEffect, useRef, useState } from "preact/hooks";

interface Connection<N> { edges: { node: N }[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } }

/** Reads so many entries, in as many pages as it takes. */
export async function readPages<N>(wanted: number, read: (first: number, after: string | null) => Promise<Connection<N>>) {
  const nodes: N[] = [];
  let info: Connection<N>["pageInfo"] = { hasNextPage: true, endCursor: null };
  while (nodes.length < wanted && info.hasNextPage) {
    const page = await read(Math.min(100, wanted - nodes.length), info.endCursor);
    nodes.push(...page.edges.map((edge) => edge.node));
    info = page.pageInfo;
  }
  return { nodes, more: info.hasNextPage };
}

export interface Listed<N> { nodes: N[]; more: boolean }

/** Puts a record that changed into what is shown of a list: in its place if it fits, else out. */
export function placed<N>(list: Listed<N>, row: N, idOf: (row: N) => string, fits: boolean, order: (a: N, b: N) => number, wanted: number): Listed<N> {
  const at = list.nodes.findIndex((one) => idOf(one) === idOf(row));
  if (at >= 0) return { ...list, nodes: fits ? list.nodes.with(at, row) : list.nodes.toSpliced(at, 1) };
  if (!fits) return list;
  const behind = list.nodes.findIndex((one) => order(row, one) < 0);
  if (behind < 0) return list.more ? list : { ...list, nodes: [...list.nodes, row] };
  const nodes = list.nodes.toSpliced(behind, 0, row);
  return nodes.length > wanted ? { nodes: nodes.slice(0, wanted), more: true } : { ...list, nodes };
}

/** The row the keyboard is at, kept by its id while the list changes under it. */
export function useCursor(ids: readonly string[], began: string | null = null) {
  const [at, set] = useState<string | null>(began);
  useEffect(() => { if (began) set(began); }, [began]);
  const move = (by: number) => {
    if (!ids.length) return;
    const from = at === null ? -1 : ids.indexOf(at);
    const to = ids[from < 0 ? 0 : Math.min(ids.length - 1, Math.max(0, from + by))]!;
    set(to);
    const row = document.querySelector<HTMLElement>(`[data-row="${CSS.escape(to)}"]`);
    row?.focus(); // at once: the next key may be pressed already
    row?.scrollIntoView({ block: "nearest" });
  };
  return { at: at !== null && ids.includes(at) ? at : null, set, move };
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

// Reading: what was read stays on the screen while it is read again, and is read again when it has changed.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ask, Problem } from "./api";
import { useNews, type Topic } from "./live";
import type { TypedDocumentString } from "./operations";

export interface Read<R> {
  data: R | undefined;
  problem: Problem | undefined;
  /** Whether `data` is what was read before something else was asked for. */
  stale: boolean;
  again: () => Promise<void>;
}

const GATHER_MS = 120;

/** Reads with an operation, and again whenever one of `topics` brings news of `about` (or of anything). */
export function useQuery<R, V>(
  document: TypedDocumentString<R, V>, variables: V, topics: readonly Topic[] = [], about?: string,
): Read<R> {
  return useRead(() => ask(document, variables), JSON.stringify(variables), topics, about);
}

/** Reads with a function; `key` names what is read. Until another key is read, what was there before stays, as stale. */
export function useRead<R>(read: () => Promise<R>, key: string, topics: readonly Topic[] = [], about?: string): Read<R> {
  const [state, set] = useState<{ key: string; data?: R; problem?: Problem }>({ key });
  const turn = useRef(0);
  const latest = useRef(read);
  latest.current = read;
  const again = useCallback(async () => {
    const mine = ++turn.current;
    try {
      const data = await latest.current();
      if (mine === turn.current) set({ key, data });
    } catch (error) {
      if (mine !== turn.current) return;
      const problem = error instanceof Problem ? error : new Problem(String(error), "Load the page again.");
      set((before) => (before.key === key ? { ...before, problem } : { key, problem }));
    }
  }, [key]);
  useEffect(() => {
    void again();
    return () => void turn.current++;
  }, [again]);
  const timer = useRef(0);
  useNews(topics, (id) => {
    if (about && id !== "*" && id !== about) return;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void again(), GATHER_MS) as unknown as number;
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  const stale = state.key !== key;
  return { data: state.data, problem: stale ? undefined : state.problem, stale: stale && state.data !== undefined, again };
}

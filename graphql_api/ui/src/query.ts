// Reading: what was read stays on the screen while it is read again, and is read again when it has changed.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ask, Problem } from "./api";
import { useNews, type News, type Topic } from "./live";
import type { TypedDocumentString } from "./operations";
import { passes, pauseMs, rest } from "./patience";

export interface Read<R> {
  data: R | undefined;
  problem: Problem | undefined;
  /** Whether `data` is what was read before something else was asked for. */
  stale: boolean;
  again: () => Promise<void>;
  /** What is known by now, which may not be drawn yet; nothing when something else is asked for. */
  latest: () => R | undefined;
  /** Changes what is known, unless something else is asked for by now. */
  change: (act: (data: R) => R) => void;
}

const GATHER_MS = 120;

interface Follows<R> {
  /** What is read again when it brings news. */
  topics?: readonly Topic[];
  /** Ids of the records to which news must belong; left out: any. */
  about?: (data: R | undefined) => readonly string[];
  /** Puts a record that changed where it belongs; returns nothing when all must be read again. */
  patch?: (data: R, news: News) => R | null;
  /** At most so often is it read again. */
  restMs?: number;
}

interface Known<R> { key: string; data?: R; problem?: Problem }

/** Reads with an operation, and again when there is news. */
export function useQuery<R, V>(document: TypedDocumentString<R, V>, variables: V, follows: Follows<R> = {}): Read<R> {
  return useRead(() => ask(document, variables), JSON.stringify(variables), follows);
}

/** Reads with a function; `key` names what is read. Until another key is read, what was there before stays, as stale. */
export function useRead<R>(read: () => Promise<R>, key: string, { topics = [], about, patch, restMs = GATHER_MS }: Follows<R> = {}): Read<R> {
  const [state, set] = useState<Known<R>>({ key });
  const known = useRef(state); // news may come several at a time, before the page is drawn again
  const know = (next: Known<R>) => set(known.current = next);
  const turn = useRef(0);
  const reading = useRef(0);
  const failed = useRef(0);
  const latest = useRef(read);
  latest.current = read;
  const again = useCallback(async () => {
    const mine = ++turn.current;
    reading.current++;
    try {
      const data = await latest.current();
      failed.current = 0;
      if (mine === turn.current) know({ key, data });
    } catch (error) {
      if (mine !== turn.current) return;
      const problem = error instanceof Problem ? error : new Problem(String(error), "Load the page again.");
      know(known.current.key === key ? { ...known.current, problem } : { key, problem });
      if (passes(problem)) void rest(pauseMs(failed.current++)).then(() => { if (mine === turn.current) void again(); });
    } finally {
      reading.current--;
    }
  }, [key]);
  useEffect(() => {
    void again();
    return () => void turn.current++;
  }, [again]);
  const renew = useRef(again);
  renew.current = again;
  const timer = useRef(0);
  const soon = () => {
    // the first news sets the time: were each to put it off, a busy day would show nothing
    timer.current ||= setTimeout(() => { timer.current = 0; void renew.current(); }, restMs) as unknown as number;
  };
  useNews(topics, (news) => {
    const { data, key: of } = known.current;
    if (news.row && about && !about(data).some((id) => idsOf(news).includes(id))) return;
    const patched = news.row && patch && data !== undefined && of === key ? patch(data, news) : null;
    if (patched !== null && patched !== data) know({ ...known.current, data: patched });
    if (patched === null || reading.current) soon(); // what is being read may be older than the news
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  const now = () => (known.current.key === key ? known.current.data : undefined);
  const change = (act: (data: R) => R) => {
    const data = now();
    if (data !== undefined) know({ ...known.current, data: act(data) });
  };
  const stale = state.key !== key;
  return { data: state.data, problem: stale ? undefined : state.problem, stale: stale && state.data !== undefined, again, latest: now, change };
}

const idsOf = ({ topic, row }: News): readonly (string | undefined)[] =>
  topic === "activity" ? [row?.activityId, row?.workflowId] : [row?.workflowId];

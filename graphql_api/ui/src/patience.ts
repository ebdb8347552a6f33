// Trying again: after pauses that grow, and at once when the network or the server is back.

import { ask, Problem } from "./api";
import type { TypedDocumentString } from "./operations";

const FIRST_MS = 500;
const MOST_MS = 8_000;
const MISSED = 3; // so often may a part be missing while the server is there
const resting = new Set<() => void>();
const PASSING: readonly string[] = ["OFFLINE", "UNAVAILABLE"];

/** How long to rest after so many tries; not all pages come back at the same moment. */
export const pauseMs = (tries: number) => Math.min(FIRST_MS * 2 ** tries, MOST_MS) * (0.75 + Math.random() / 4);

/** Ends all rests: the server is there again. */
export function wake() {
  for (const go of [...resting]) go();
}

addEventListener("online", wake);

export function rest(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const go = () => { clearTimeout(timer); resting.delete(go); signal?.removeEventListener("abort", go); done(); };
    const timer = setTimeout(go, ms);
    resting.add(go);
    signal?.addEventListener("abort", go);
    if (signal?.aborted) go();
  });
}

/** Whether a problem goes away by itself. */
export const passes = (problem: unknown): boolean => problem instanceof Problem && PASSING.includes(problem.code);

/** Does something until it is done; throws what does not pass by itself, and anything once it is told to stop. */
export async function patiently<T>(act: () => Promise<T>, signal?: AbortSignal, failed: (problem: Problem) => void = () => undefined): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await act();
    } catch (error) {
      if (!passes(error) || signal?.aborted) throw error;
      failed(error as Problem);
      await rest(pauseMs(tries), signal);
      if (signal?.aborted) throw error;
    }
  }
}

export interface Insisted<R> { data: R; again: boolean }

/** Sends an operation until there is an answer; `again` when an earlier one may have been lost. */
export async function insist<R, V>(document: TypedDocumentString<R, V>, variables: V, signal: AbortSignal, failed: (isSent: boolean) => void): Promise<Insisted<R>> {
  let isSent = false;
  let again = false;
  const send = () => {
    again = isSent;
    isSent ||= navigator.onLine;
    return ask(document, variables);
  };
  const data = await patiently(send, signal, () => failed(isSent));
  return { data, again };
}

/** Loads a part of the page; one that is gone, since there is a newer page, is not waited for. */
export function part<T>(load: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  let missed = 0;
  return patiently(async () => {
    try {
      return await load();
    } catch (error) {
      const isThere = await fetch("/health", { cache: "no-store" }).then((answer) => answer.ok, () => false);
      if (isThere && ++missed === MISSED) throw error;
      throw new Problem("The server does not answer.", "", "OFFLINE");
    }
  }, signal);
}

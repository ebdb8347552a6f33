// Sending what somebody decided: one thing at a time, until there is an answer, and counted once however often it is sent.

import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icons";
import type { TypedDocumentString } from "./operations";
import { insist, wake, type Insisted } from "./patience";

export type { Insisted };
export type Send = <R, V>(document: TypedDocumentString<R, V>, variables: V) => Promise<Insisted<R>>;

interface State { busy: boolean; waiting: "" | "unsent" | "unanswered" }

const REST: State = { busy: false, waiting: "" };

/** Told to stop, what is done throws `Stopped`. */
export class Stopped extends Error {}

export function useSending() {
  const [state, set] = useState(REST);
  const stopping = useRef<AbortController | null>(null);
  useEffect(() => () => stopping.current?.abort(), []);
  /** Does one thing at a time, whatever is pressed twice. */
  const once = async (work: (send: Send) => Promise<void>) => {
    if (stopping.current) return;
    const stop = (stopping.current = new AbortController());
    set({ busy: true, waiting: "" });
    const send: Send = async (document, variables) => {
      try {
        return await insist(document, variables, stop.signal, (isSent) => set({ busy: true, waiting: isSent ? "unanswered" : "unsent" }));
      } catch (error) {
        throw stop.signal.aborted ? new Stopped() : error;
      }
    };
    try {
      await work(send);
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    } finally {
      stopping.current = null;
      set(REST);
    }
  };
  return { ...state, once, stop: () => stopping.current?.abort() };
}

const WORDS = {
  unsent: "Nothing was sent yet.",
  unanswered: "Whether it has arrived is not known yet.",
};

/** Says that an answer is waited for, where one is. */
export function Waiting({ waiting, stop }: { waiting: State["waiting"]; stop: () => void }) {
  if (!waiting) return null;
  return (
    <div class="said waiting" role="alert">
      <Icon name="alert" size={16} />
      <p><strong>The server does not answer.</strong> {WORDS[waiting]} This page tries again by itself, and it counts once; nothing you typed is lost.</p>
      <span class="acts"><button type="button" onClick={wake}>Try now</button><button type="button" onClick={stop}>Stop trying</button></span>
    </div>
  );
}

// News of changes. One tab of this browser listens and tells the others: a browser keeps few connections to one host.

import { useEffect, useRef, useState } from "preact/hooks";
import { listen } from "./api";
import {
  ActivityChangedDocument, WorkflowChangedDocument, type ActivityRowFragment, type TypedDocumentString, type WorkflowRowFragment,
} from "./operations";
import { pauseMs, rest, wake } from "./patience";

export type Topic = "activity" | "workflow";
/** `row` is the record as it stands; without one there was a gap, and anything may have changed. */
export type News = { topic: "activity"; row: ActivityRowFragment | null } | { topic: "workflow"; row: WorkflowRowFragment | null };

const LINGER_MS = 10_000;

const channel = new BroadcastChannel("fleet-live");
const hearers = new Set<(news: News) => void>();
const watchers = new Set<(online: boolean) => void>();
const wanted: Record<Topic, number> = { activity: 0, workflow: 0 };
const streams = new Map<Topic, AbortController>();
let online = true;
let signedIn = false;

channel.onmessage = (event: MessageEvent<News | { online: boolean }>) => hear(event.data);

function hear(news: News | { online: boolean }) {
  if ("online" in news) {
    online = news.online;
    if (online) wake();
    for (const watch of watchers) watch(online);
  } else {
    for (const hearer of hearers) hearer(news);
  }
}

function tell(news: News | { online: boolean }) {
  hear(news);
  channel.postMessage(news);
}

export function startLive() {
  stopLive();
  signedIn = true;
  settle("activity");
  settle("workflow");
}

export function stopLive() {
  signedIn = false;
  settle("activity");
  settle("workflow");
}

/** Listens to a topic while a page wants it, and for a moment longer: people go back and forth. */
function settle(topic: Topic) {
  const running = streams.get(topic);
  if (signedIn && wanted[topic] && !running) lead(topic);
  if (running && !(signedIn && wanted[topic])) {
    running.abort();
    streams.delete(topic);
  }
}

/** Begins to listen, once the tab that listens now is gone. */
function lead(topic: Topic) {
  const stop = new AbortController();
  streams.set(topic, stop);
  const listen = () => topic === "activity"
    ? follow(ActivityChangedDocument, stop.signal, topic, ({ activityChanged }) => tell({ topic: "activity", row: activityChanged }))
    : follow(WorkflowChangedDocument, stop.signal, topic, ({ workflowChanged }) => tell({ topic: "workflow", row: workflowChanged }));
  if (navigator.locks) navigator.locks.request(`fleet-live-${topic}`, { signal: stop.signal }, listen).catch(() => undefined);
  else void listen();
}

async function follow<R>(document: TypedDocumentString<R, any>, signal: AbortSignal, topic: Topic, told: (data: R) => void) {
  let tries = 0;
  const opened = () => {
    tries = 0;
    if (!online) tell({ online: true });
    tell({ topic, row: null });
  };
  while (!signal.aborted) {
    try {
      for await (const data of listen(document, signal, opened)) told(data);
    } catch {
      if (signal.aborted) return;
      if (online) tell({ online: false });
    }
    await rest(pauseMs(tries++), signal);
  }
}

export function useNews(topics: readonly Topic[], act: (news: News) => void) {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    const hearer = (news: News) => { if (topics.includes(news.topic)) latest.current(news); };
    hearers.add(hearer);
    for (const topic of topics) { wanted[topic]++; settle(topic); }
    return () => {
      hearers.delete(hearer);
      for (const topic of topics) { wanted[topic]--; setTimeout(() => settle(topic), LINGER_MS); }
    };
  }, [topics.join()]);
}

export function useOnline(): boolean {
  const [now, set] = useState(online);
  useEffect(() => {
    const away = () => set(false);
    watchers.add(set);
    const back = () => set(online);
    addEventListener("offline", away);
    addEventListener("online", back);
    return () => { watchers.delete(set); removeEventListener("offline", away); removeEventListener("online", back); };
  }, []);
  return now;
}

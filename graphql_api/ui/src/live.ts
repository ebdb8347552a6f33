// News of changes. One tab of this browser listens and tells the others: a browser keeps few connections to one host.

import { useEffect, useRef, useState } from "preact/hooks";
import { listen } from "./api";
import { ActivityChangedDocument, WorkflowChangedDocument, type TypedDocumentString } from "./operations";

export type Topic = "activity" | "workflow";
/** `id` is "*" after a gap, when anything may have changed. */
type News = { topic: Topic; id: string } | { online: boolean };

const channel = new BroadcastChannel("fleet-live");
const hearers = new Set<(topic: Topic, id: string) => void>();
const watchers = new Set<(online: boolean) => void>();
let online = true;
let stop: AbortController | null = null;

channel.onmessage = (event: MessageEvent<News>) => hear(event.data);

function hear(news: News) {
  if ("online" in news) {
    online = news.online;
    for (const watch of watchers) watch(online);
  } else {
    for (const hearer of hearers) hearer(news.topic, news.id);
  }
}

function tell(news: News) {
  hear(news);
  channel.postMessage(news);
}

/** Begins to listen, once the tab that listens now is gone. */
export function startLive() {
  stopLive();
  const { signal } = (stop = new AbortController());
  const lead = () => new Promise<void>((left) => {
    signal.addEventListener("abort", () => left());
    void follow(ActivityChangedDocument, signal, ({ activityChanged }) => tell({ topic: "activity", id: activityChanged.activityId }), "activity");
    void follow(WorkflowChangedDocument, signal, ({ workflowChanged }) => tell({ topic: "workflow", id: workflowChanged.workflowId }), "workflow");
  });
  if (navigator.locks) navigator.locks.request("fleet-live", { signal }, lead).catch(() => undefined);
  else void lead();
}

export function stopLive() {
  stop?.abort();
}

async function follow<R>(document: TypedDocumentString<R, any>, signal: AbortSignal, told: (data: R) => void, topic: Topic) {
  let pause = 500;
  const opened = () => {
    pause = 500;
    if (!online) tell({ online: true });
    tell({ topic, id: "*" });
  };
  while (!signal.aborted) {
    try {
      for await (const data of listen(document, signal, opened)) told(data);
    } catch {
      if (signal.aborted) return;
      if (online) tell({ online: false });
    }
    await rest(pause, signal);
    pause = Math.min(pause * 2, 8_000);
  }
}

/** Waits, but not once the network is back. */
function rest(pause: number, signal: AbortSignal): Promise<void> {
  return new Promise((go) => {
    const done = () => { clearTimeout(timer); removeEventListener("online", done); go(); };
    const timer = setTimeout(done, pause);
    addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}

export function useNews(topics: readonly Topic[], act: (id: string) => void) {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    const hearer = (topic: Topic, id: string) => { if (topics.includes(topic)) latest.current(id); };
    hearers.add(hearer);
    return () => void hearers.delete(hearer);
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

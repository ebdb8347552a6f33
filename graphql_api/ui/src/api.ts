// Speaks GraphQL to the API that served this page: requests by POST, subscriptions as server-sent events.

import { readJson, writeJson } from "./exact";
import type { TypedDocumentString } from "./operations";

export class Problem extends Error {
  constructor(message: string, readonly suggestion = "", readonly code = "") {
    super(message);
  }
}

/** What a mutation answers when it was not done. */
export interface Refused { message: string; suggestion: string }

export const isRefused = (answer: object): answer is Refused => "message" in answer;

let onSignedOut: () => void = () => undefined;

/** Names what happens when the session has run out. */
export function whenSignedOut(act: () => void) {
  onSignedOut = act;
}

const ANSWER_MS = 30_000;
const SILENCE_MS = 60_000; // the server says something every few seconds, if only that it is there
const AGAIN = "This page tries again by itself; nothing you typed is lost.";
const unanswered = () => new Problem("The server does not answer.", AGAIN, "OFFLINE");

const post = (query: string, variables: unknown, accept: string, signal: AbortSignal): Promise<Response> => fetch("/graphql", {
  method: "POST",
  headers: { "content-type": "application/json", accept },
  body: writeJson({ query, variables }),
  signal,
});

/** Sends an operation; an answer that breaks off, or does not come, is none. */
async function answerTo(query: string, variables: unknown): Promise<{ status: number; text: string }> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ANSWER_MS);
  try {
    const response = await post(query, variables, "application/json", late.signal);
    return { status: response.status, text: await response.text() };
  } catch {
    throw unanswered();
  } finally {
    clearTimeout(timer);
  }
}

interface Body<T> { data?: T | null; errors?: { message: string; extensions?: { code?: string; suggestion?: string; errorId?: string } }[] }

function problemOf({ errors }: Body<unknown>): Problem {
  const { message, extensions = {} } = errors![0]!;
  const id = extensions.errorId ? ` (error ${extensions.errorId})` : "";
  return new Problem(message + id, extensions.suggestion, extensions.code);
}

/** Sends an operation and returns its data; throws a `Problem`. */
export async function ask<R, V>(document: TypedDocumentString<R, V>, variables?: V): Promise<R> {
  const { status, text } = await answerTo(String(document), variables ?? {});
  const body: Body<R> = bodyOf(text);
  if (status === 401) onSignedOut();
  if (body.errors) throw problemOf(body);
  if (body.data) return body.data;
  // what stands before the server answers in its place while it is away
  if (status >= 500) throw new Problem(`The server answered ${status}.`, AGAIN, "OFFLINE");
  throw new Problem(`The server answered ${status}.`, "Load the page again in a moment.", "SERVER");
}

function bodyOf<R>(text: string): Body<R> {
  try {
    return readJson(text) ?? {};
  } catch {
    return {};
  }
}

/** Yields the events of a subscription until its stream ends. */
export async function* listen<R>(document: TypedDocumentString<R, any>, signal: AbortSignal, opened: () => void): AsyncGenerator<R> {
  const stop = new AbortController();
  signal.addEventListener("abort", () => stop.abort());
  const response = await post(String(document), {}, "text/event-stream", stop.signal);
  if (response.status === 401) onSignedOut();
  if (!response.ok || !response.body) throw new Problem(`The server answered ${response.status}.`);
  opened();
  for await (const text of events(response.body, stop)) {
    const body: Body<R> | null = text ? readJson(text) : null;
    if (body?.errors) throw problemOf(body);
    if (body?.data) yield body.data;
  }
}

/** Reads events; a stream that has fallen silent is given up. */
async function* events(body: ReadableStream<Uint8Array>, stop: AbortController): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  let rest = "";
  for (;;) {
    const silence = setTimeout(() => stop.abort(), SILENCE_MS);
    const { done, value } = await reader.read().finally(() => clearTimeout(silence));
    if (done) return;
    const parts = (rest + value).split(/\r\n\r\n|\n\n/);
    rest = parts.pop()!;
    for (const part of parts) {
      const lines = part.split(/\r?\n/);
      if (lines.includes("event: complete")) return;
      yield lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()).join("\n");
    }
  }
}

export interface Person { name: string; groups: string[]; roles: string[] }

/** How one signs in: as one of these, or at a provider. */
export interface Ways { people: Person[]; provider?: { name: string; url: string } }

export async function waysIn(): Promise<Ways> {
  const answer = await fetch("/login").catch(() => { throw unanswered(); });
  if (!answer.ok) throw new Problem(`The server answered ${answer.status}.`, AGAIN, "OFFLINE");
  return answer.json();
}

export async function signIn(persona: string): Promise<void> {
  const response = await fetch("/login", {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ persona }),
  }).catch(() => { throw new Problem("The server does not answer.", "Try again in a moment."); });
  if (!response.ok) throw new Problem("Signing in did not work.", "Try again.");
}

/** Returns where the provider forgets one too, or nothing; throws a `Problem` when that did not work. */
export async function signOut(): Promise<string> {
  const answer = await fetch("/logout", { method: "POST" }).then((one) => one.ok ? one.json() : undefined).catch(() => undefined);
  if (!answer) throw new Problem("Signing out did not work.", "You may still be signed in: try again in a moment.");
  return answer.next;
}

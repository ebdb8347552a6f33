// Speaks GraphQL to the API that served this page: requests by POST, subscriptions as server-sent events.

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

async function post(query: string, variables: unknown, accept: string, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", accept },
      body: JSON.stringify({ query, variables }),
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem("The server does not answer.", "This page tries again by itself; nothing you typed is lost.", "OFFLINE");
  }
}

interface Body<T> { data?: T; errors?: { message: string; extensions?: { code?: string; suggestion?: string; errorId?: string } }[] }

function problemOf({ errors }: Body<unknown>): Problem {
  const { message, extensions = {} } = errors![0]!;
  const id = extensions.errorId ? ` (error ${extensions.errorId})` : "";
  return new Problem(message + id, extensions.suggestion, extensions.code);
}

/** Sends an operation and returns its data; throws a `Problem`. */
export async function ask<R, V>(document: TypedDocumentString<R, V>, variables?: V, signal?: AbortSignal): Promise<R> {
  const response = await post(String(document), variables ?? {}, "application/json", signal);
  const body: Body<R> = await response.json().catch(() => {
    throw new Problem(`The server answered ${response.status}.`, "Try again in a moment.", "SERVER");
  });
  if (response.status === 401) onSignedOut();
  if (body.errors) throw problemOf(body);
  return body.data!;
}

/** Yields the events of a subscription until its stream ends. */
export async function* listen<R>(document: TypedDocumentString<R, any>, signal: AbortSignal, opened: () => void): AsyncGenerator<R> {
  const response = await post(String(document), {}, "text/event-stream", signal);
  if (response.status === 401) onSignedOut();
  if (!response.ok || !response.body) throw new Problem(`The server answered ${response.status}.`);
  opened();
  for await (const text of events(response.body)) {
    const body: Body<R> | null = text ? JSON.parse(text) : null;
    if (body?.errors) throw problemOf(body);
    if (body?.data) yield body.data;
  }
}

async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
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
  return (await fetch("/login")).json();
}

export async function signIn(persona: string): Promise<void> {
  const response = await fetch("/login", {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ persona }),
  });
  if (!response.ok) throw new Problem("Signing in did not work.", "Try again.");
}

/** Returns where the provider forgets one too, or nothing; throws a `Problem` when that did not work. */
export async function signOut(): Promise<string> {
  const answer = await fetch("/logout", { method: "POST" }).then((one) => one.ok ? one.json() : undefined).catch(() => undefined);
  if (!answer) throw new Problem("Signing out did not work.", "You may still be signed in: try again in a moment.");
  return answer.next;
}

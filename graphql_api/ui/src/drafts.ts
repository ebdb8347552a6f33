// What was typed and not yet sent, kept in this browser: it outlives an expired login, a closed tab, a lost connection.

import { readJson, writeJson } from "./exact";

export interface Draft { data: Record<string, unknown>; key: string; at: number }

const PREFIX = "fleet-draft:";
const KEEP_MS = 30 * 86_400_000;
const nameOf = (subject: string, id: string) => `${PREFIX}${subject}:${id}`;

export function readDraft(subject: string, id: string): Draft | null {
  try {
    return readJson(localStorage.getItem(nameOf(subject, id)) ?? "null");
  } catch {
    return null;
  }
}

/** Keeps what was typed; the key of a request stays the same while the text does, so that sending twice does no harm. */
export function keepDraft(subject: string, id: string, data: Record<string, unknown>): Draft {
  const before = readDraft(subject, id);
  const same = before && writeJson(before.data) === writeJson(data);
  const draft = same ? before : { data, key: crypto.randomUUID(), at: Date.now() };
  try {
    localStorage.setItem(nameOf(subject, id), writeJson(draft));
  } catch {
    // the browser's storage is full or closed to us: the text stays on the screen alone
  }
  return draft;
}

export function dropDraft(subject: string, id: string) {
  localStorage.removeItem(nameOf(subject, id));
}

/** Forgets drafts that nobody came back to. */
export function sweepDrafts() {
  for (const name of Object.keys(localStorage)) {
    if (!name.startsWith(PREFIX)) continue;
    const at = JSON.parse(localStorage.getItem(name) ?? "{}").at ?? 0;
    if (Date.now() - at > KEEP_MS) localStorage.removeItem(name);
  }
}

// The words for what the records say.

import { digitsOf, unsealed, writeJson } from "./exact";
import type { ActivityState, StepState, WorkflowState } from "./operations";

export type Tone = "good" | "busy" | "wait" | "bad" | "undone" | "quiet";

type Words<K extends string> = Record<K, readonly [string, Tone]>;

const ACTIVITY: Words<ActivityState> = {
  OPEN: ["Open", "wait"], CLAIMED: ["In work", "busy"], COMPLETING: ["Completing", "busy"],
  COMPLETED: ["Completed", "good"], CANCELLED: ["Cancelled", "quiet"], TOO_LATE: ["Too late", "bad"],
};
const WORKFLOW: Words<WorkflowState> = {
  REQUESTED: ["Requested", "wait"], STARTING: ["Starting", "busy"], RUNNING: ["Running", "busy"],
  COMPLETED: ["Completed", "good"], COMPENSATED: ["Compensated", "undone"], CANCELLED: ["Cancelled", "quiet"],
  ENDED_UNKNOWN: ["Ended", "quiet"],
};
const STEP: Words<StepState> = {
  CLAIMED: ["Running", "busy"], HANDED_BACK: ["Waiting for a worker", "wait"], FAILED: ["Failed, tries again", "bad"],
  INCIDENT: ["Stuck", "bad"], THROWN: ["Refused", "undone"], COMPLETED: ["Done", "good"],
  UNCERTAIN: ["Done, unconfirmed", "wait"], ORPHANED: ["Done, but overtaken", "undone"], KEPT: ["Done, effect kept", "wait"],
};

export const activityWords = (state: ActivityState) => ACTIVITY[state] ?? [state, "quiet"];
export const workflowWords = (state: WorkflowState) => WORKFLOW[state] ?? [state, "quiet"];
export const stepWords = (state: StepState) => STEP[state] ?? [state, "quiet"];
export const WORKFLOW_STATES = Object.keys(WORKFLOW) as WorkflowState[];
export const LIVE: readonly WorkflowState[] = ["REQUESTED", "STARTING", "RUNNING"];

/** customer_onboarding → Customer onboarding */
export function humanize(name: string): string {
  const text = name.replace(/([a-z])([A-Z])/g, "$1 $2").replace(/[_-]+/g, " ").trim();
  const known = text.replace(/\b(?:api|bic|iban|id|kyc|url|vat)\b/gi, (word) => word.toUpperCase());
  return known.charAt(0).toUpperCase() + known.slice(1);
}

const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [["day", 86_400], ["hour", 3_600], ["minute", 60]];

/** 3 min ago, in 2 hr; seconds are "now". */
export function ago(iso: string, now = Date.now()): string {
  const seconds = (Date.parse(iso) - now) / 1_000;
  for (const [unit, size] of UNITS) if (Math.abs(seconds) >= size) return RELATIVE.format(Math.round(seconds / size), unit);
  return seconds > 5 ? "in a moment" : "just now";
}

export const moment = (iso: string) => new Date(iso).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
export const clock = (iso: string) => new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export function took(from: string, to: string | null): string {
  const ms = Math.max(0, Date.parse(to ?? new Date().toISOString()) - Date.parse(from));
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
  return ms < 86_400_000 ? `${(ms / 3_600_000).toFixed(1)} h` : `${(ms / 86_400_000).toFixed(1)} d`;
}

const EVENTS: Record<string, string> = {
  CREATED: "The process asked for it", CLAIMED: "claimed it", RELEASED: "gave it back", COMPLETED: "completed it",
  COMPLETING: "completed it", CANCELLED: "It was cancelled", TOO_LATE: "The process had moved on",
};

/** Says who did what; what machines did has no name before it. */
export function eventWords(kind: string, subject: string): string {
  const words = EVENTS[kind] ?? humanize(kind.toLowerCase());
  return /^[a-z]/.test(words) ? `${subject} ${words}` : words;
}

/** Tells an error of a step in plain words. */
export function errorWords(error: unknown): string {
  if (!error) return "";
  if (typeof error === "string") return error;
  const { message, code, type, suggestion } = error as Record<string, string>;
  const head = message || (code && humanize(code.toLowerCase())) || type || writeJson(error);
  return unsealed([head, suggestion].filter(Boolean).join(" "));
}

/** Writes a number with all of its digits, those before the point in groups: 9,007,199,254,740,993 and 0.12345. */
export function figures(value: number | string): string {
  const digits = digitsOf(value) ?? String(value);
  const [, whole, rest] = /^(-?\d+)(.*)$/.exec(digits) ?? [];
  return whole ? whole.replace(/\B(?=(\d{3})+$)/g, ",") + rest : digits;
}

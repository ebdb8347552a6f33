// What a BPMN model says of its elements, read without the diagram viewer; and how a workflow's records look on it.

import { readJson } from "./exact";
import type { ActivityState, StepKind, StepState } from "./operations";
import { humanize } from "./words";

const MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL";
const ZEEBE = "http://camunda.org/schema/zeebe/1.0";

export interface Model {
  title: string;
  description: string;
  nameOf: (elementId: string) => string;
  startForm: object | null;
  startEvent: string | null;
}

const read = new Map<string, Model>();

export function modelOf(bpmn: string, processName: string): Model {
  const known = read.get(bpmn);
  if (known) return known;
  const tree = new DOMParser().parseFromString(bpmn, "application/xml");
  const names = new Map<string, string>();
  for (const one of tree.getElementsByTagNameNS(MODEL, "*")) {
    const [id, name] = [one.getAttribute("id"), one.getAttribute("name")];
    if (id && name) names.set(id, name.replace(/\s+/g, " "));
  }
  const process = [...tree.getElementsByTagNameNS(MODEL, "process")].find((one) => one.id === processName);
  const child = (of: Element | undefined, name: string) => [...(of?.children ?? [])].find((one) => one.localName === name);
  const start = child(process, "startEvent");
  const model = {
    title: process?.getAttribute("name") || humanize(processName),
    description: child(process, "documentation")?.textContent?.trim() ?? "",
    nameOf: (id: string) => names.get(id) ?? humanize(id),
    startForm: startForm(process, start),
    startEvent: start?.id ?? null,
  };
  read.set(bpmn, model);
  return model;
}

function startForm(process: Element | undefined, start: Element | undefined): object | null {
  const key = start?.getElementsByTagNameNS(ZEEBE, "formDefinition")[0]?.getAttribute("formKey") ?? "";
  const id = key.replace("camunda-forms:bpmn:", "");
  const forms = process ? [...process.getElementsByTagNameNS(ZEEBE, "userTaskForm")] : [];
  try {
    return id ? readJson(forms.find((one) => one.getAttribute("id") === id)?.textContent ?? "null") : null;
  } catch {
    return null;
  }
}

export type Mark = "done" | "active" | "waiting" | "failed" | "compensated" | "stopped";
export type Marks = Record<string, Mark>;

interface StepFacts { stepId: string; elementId: string; kind: StepKind; state: StepState; compensatedBy: string | null }
interface ActivityFacts { elementId: string; state: ActivityState }

const OF_STEP: Record<StepState, Mark> = {
  CLAIMED: "active", HANDED_BACK: "waiting", FAILED: "failed", INCIDENT: "failed", THROWN: "stopped", COMPLETED: "done",
  UNCERTAIN: "done", ORPHANED: "stopped", KEPT: "done",
};
const OF_ACTIVITY: Record<ActivityState, Mark> = {
  OPEN: "waiting", CLAIMED: "waiting", COMPLETING: "active", COMPLETED: "done", CANCELLED: "stopped", TOO_LATE: "stopped",
};

/** Says how each element of a workflow stands; later records of one element outweigh earlier ones. */
export function marksOf(steps: readonly StepFacts[], activities: readonly ActivityFacts[]): Marks {
  const marks: Marks = {};
  for (const step of steps) {
    if (step.kind === "LISTENER") continue;
    const undoing = step.kind === "COMPENSATION" && step.state === "COMPLETED";
    marks[step.elementId] = step.compensatedBy || undoing ? "compensated" : OF_STEP[step.state];
  }
  for (const activity of activities) marks[activity.elementId] = OF_ACTIVITY[activity.state];
  return marks;
}

export const MARK_WORDS: Record<Mark, string> = {
  done: "Done", active: "Running", waiting: "Waiting", failed: "Failed", compensated: "Compensated", stopped: "Left early",
};

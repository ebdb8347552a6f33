// A definition as a list of steps that anybody can read: what happens, who does it, and what comes next.

import type { Graph } from "./case-layout";
import type { IconName } from "./icons";
import { humanize } from "./words";

const MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL";
const ZEEBE = "http://camunda.org/schema/zeebe/1.0";

export interface Lead { words: string; to: string }

export interface ReadableStep { id: string; name: string; icon: IconName; does: string; facts: string[]; leads: Lead[] }

interface Manifest {
  job_types?: Record<string, { description?: string; errors?: string[] }>;
  human_tasks?: Record<string, { candidate_groups?: string[] }>;
  errors?: Record<string, string | { description: string }>;
  undo?: Record<string, string | { none: string }>;
}

const KINDS: Record<string, readonly [IconName, string]> = {
  startEvent: ["play", "Here it begins."], endEvent: ["check", "Here it ends."],
  userTask: ["person", "A person does it."], manualTask: ["person", "A person does it, without the engine."],
  serviceTask: ["gear", "The system does it."], scriptTask: ["gear", "The engine computes it."], sendTask: ["gear", "The system sends a message."],
  businessRuleTask: ["gear", "A decision table says it."], receiveTask: ["clock", "It waits for a message."],
  callActivity: ["flow", "Another process does it."], subProcess: ["flow", "These steps belong together."],
  exclusiveGateway: ["help", "One of the ways is taken."], inclusiveGateway: ["help", "All ways that fit are taken."],
  parallelGateway: ["shapes", "All ways are taken at once."], eventBasedGateway: ["clock", "What happens first decides."],
  intermediateCatchEvent: ["clock", "It waits here."], intermediateThrowEvent: ["dot", "Something is told, or taken back."],
};
const children = (of: Element, name: string, ns = MODEL) => [...of.getElementsByTagNameNS(ns, name)];
const own = (of: Element, name: string) => [...of.children].filter((one) => one.localName === name);

/** The steps of a model, those that follow each other in this order; what no flow leads to comes last. */
export function stepsOfModel(bpmn: string, processName: string, manifest: Manifest): ReadableStep[] {
  const tree = new DOMParser().parseFromString(bpmn, "application/xml");
  const process = [...tree.getElementsByTagNameNS(MODEL, "process")].find((one) => one.id === processName);
  if (!process) return [];
  const nodes = new Map([...process.getElementsByTagNameNS(MODEL, "*")].filter((one) => one.localName in KINDS || one.localName === "boundaryEvent").map((one) => [one.id, one]));
  const flows = children(process, "sequenceFlow");
  const leadsOf = (id: string): Lead[] => flows.filter((one) => one.getAttribute("sourceRef") === id).flatMap((one) => {
    const to = one.getAttribute("targetRef") ?? "";
    const words = one.getAttribute("name") ?? "";
    return passesOn(nodes.get(to)) ? leadsOf(to).map((lead) => ({ ...lead, words: words || lead.words })) : [{ words, to }];
  });
  const caught = (host: Element) => [...nodes.values()].filter((one) => one.localName === "boundaryEvent" && one.getAttribute("attachedToRef") === host.id);
  const shown = [...nodes.values()].filter((one) => one.localName !== "boundaryEvent" && !passesOn(one));
  const steps = shown.map((node) => {
    const told = caught(node).filter((one) => !own(one, "compensateEventDefinition").length);
    const [icon, does] = KINDS[node.localName]!;
    return {
      id: node.id, name: nameOf(node), icon, does: doesOf(node, manifest) || does, facts: factsOf(node, manifest, nodes),
      leads: [...leadsOf(node.id), ...told.flatMap((one) => leadsOf(one.id).map((lead) => ({ to: lead.to, words: nameOf(one) })))],
    };
  });
  return inOrder(steps);
}

/** A gateway that only joins, or splits into all ways without being asked anything, is not worth a line. */
const passesOn = (node: Element | undefined) => Boolean(node?.localName.endsWith("Gateway") && !node.getAttribute("name") && own(node, "outgoing").length < 2);

const nameOf = (node: Element) => node.getAttribute("name")?.replace(/\s+/g, " ") || humanize(node.id);

const jobOf = (node: Element) => children(node, "taskDefinition", ZEEBE).find((one) => one.parentElement?.parentElement === node)?.getAttribute("type") ?? "";

function doesOf(node: Element, manifest: Manifest): string {
  return own(node, "documentation")[0]?.textContent?.trim() || manifest.job_types?.[jobOf(node)]?.description || "";
}

function factsOf(node: Element, manifest: Manifest, nodes: ReadonlyMap<string, Element>): string[] {
  const facts: string[] = [];
  const groups = manifest.human_tasks?.[node.id]?.candidate_groups;
  if (groups?.length) facts.push(`Done by ${groups.map(humanize).join(", ")}.`);
  for (const code of manifest.job_types?.[jobOf(node)]?.errors ?? []) {
    const said = manifest.errors?.[code] ?? "an error.";
    facts.push(`It may end in ${code}: ${typeof said === "string" ? said : said.description}`);
  }
  const undo = manifest.undo?.[node.id];
  if (typeof undo === "string") facts.push(`Taken back by ${nodes.has(undo) ? nameOf(nodes.get(undo)!) : humanize(undo)}.`);
  else if (undo) facts.push(`Not taken back: ${undo.none}`);
  return facts;
}

interface Case { steps: readonly CaseStep[]; transitions: readonly { from: string; action?: string; outcome?: string; error?: string; to: string }[] }

export interface CaseStep {
  id: string; name?: string; kind: "human" | "system" | "decision" | "final"; description?: string; prompt?: string; job_type?: string;
  candidate_groups?: readonly string[]; candidate_users?: readonly string[]; due?: string; status?: string; fields?: readonly object[]; form?: object;
  actions?: readonly { id: string; label?: string }[]; conditions?: readonly { outcome: string; when: string }[]; default?: string;
}

const CASE_KINDS: Record<CaseStep["kind"], readonly [IconName, string]> = {
  human: ["person", "A person does it."], system: ["gear", "The system does it."], decision: ["help", "What is known decides."], final: ["check", "Here it ends."],
};

export const titleOf = (step: CaseStep) => step.name || humanize(step.id);

/** The steps of a case, those that follow each other in this order. */
export function stepsOfCase({ steps, transitions }: Case): ReadableStep[] {
  return inOrder(steps.map((step) => {
    const [icon, does] = CASE_KINDS[step.kind];
    const people = [...(step.candidate_groups ?? []).map(groupWords), ...(step.candidate_users ?? []).map(personWords)];
    const when = new Map((step.conditions ?? []).map((one) => [one.outcome, one.when.replace(/^=\s*/, "")]));
    const labels = new Map((step.actions ?? []).map((one) => [one.id, one.label || humanize(one.id)]));
    return {
      id: step.id, name: titleOf(step), icon, does: step.description || does,
      facts: [
        ...(people.length ? [`Done by ${people.join(", ")}.`] : []), ...(step.job_type ? [`Its work is ${step.job_type}.`] : []),
        ...(step.due ? [`Due ${dueWords(step.due)}.`] : []), ...(step.status ? [`It has come to ${step.status}.`] : []),
      ],
      leads: transitions.filter((one) => one.from === step.id).map(({ action, outcome, error, to }) => ({
        to, words: action ? labels.get(action) ?? humanize(action) : outcome ? (when.has(outcome) ? when.get(outcome)! : "else") : error ? humanize(error.toLowerCase()) : "",
      })),
    };
  }));
}

const expression = (text: string) => /^=\s*(.*)$/s.exec(text)?.[1];
const groupWords = (group: string) => { const said = expression(group); return said ? `the group in “${humanize(said)}”` : humanize(group); };
const personWords = (person: string) => { const said = expression(person); return said ? `whoever “${humanize(said)}” names` : person; };

/** P7D → within 7 days; of an expression, the time in it, or itself. */
function dueWords(due: string): string {
  const [, days, hours, minutes] = /\bP(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?(?:"|$)/.exec(due) ?? [];
  const parts = [[days, "day"], [hours, "hour"], [minutes, "minute"]].filter(([count]) => count).map(([count, unit]) => `${count} ${unit}${count === "1" ? "" : "s"}`);
  return parts.length ? `within ${parts.join(" ")}` : `by ${expression(due) ?? due}`;
}

/** Puts steps behind those that lead to them, from the first one on. */
function inOrder(steps: ReadableStep[]): ReadableStep[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const led = new Set(steps.flatMap((step) => step.leads.map(({ to }) => to)));
  const starts = steps.filter((step) => step.icon === "play");
  const waiting = starts.length ? starts : [steps[0]!, ...steps.filter((step) => !led.has(step.id))];
  const found = new Set<ReadableStep>();
  for (const step of [...waiting].filter(Boolean)) {
    const queue = [step];
    while (queue.length) {
      const next = queue.shift()!;
      if (found.has(next)) continue;
      found.add(next);
      queue.push(...next.leads.flatMap(({ to }) => byId.get(to) ?? []));
    }
  }
  const ordered = [...found, ...steps.filter((step) => !found.has(step))];
  const isEnd = (step: ReadableStep) => !step.leads.length && step.icon === "check";
  return [...ordered.filter((step) => !isEnd(step)), ...ordered.filter(isEnd)];
}

/** A case as it is drawn. */
export function graphOfCase({ steps, transitions }: Case): Graph {
  const labelOf = (from: string, action: string) => steps.find((step) => step.id === from)?.actions?.find((one) => one.id === action)?.label || humanize(action);
  return {
    steps: steps.map((step) => ({ id: step.id, name: titleOf(step), kind: step.kind })),
    transitions: transitions.map(({ from, action, outcome, error, to }) => ({
      source: from, on: action ?? outcome ?? error ?? "", target: to,
      label: action ? labelOf(from, action) : (outcome ?? error?.toLowerCase() ?? "").replace(/_/g, " "),
    })),
  };
}

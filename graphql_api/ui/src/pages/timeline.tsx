// What a workflow did, in order, each with its attempts and how long it took.

import { useMemo } from "preact/hooks";
import { namesOfCase } from "../case";
import { Data } from "../data";
import { Icon, type IconName } from "../icons";
import { Badge, Empty } from "../parts";
import { Link } from "../router";
import { activityWords, errorWords, moment, stepWords, took, type Tone } from "../words";
import { Attempts } from "./attempts";
import type { Workflow } from "./workflow";

type Step = Workflow["steps"][number];
type Activity = Workflow["activities"][number];

interface Entry { key: string; name: string; icon: IconName; words: readonly [string, Tone]; from: string; to: string | null; step?: Step; activity?: Activity; note: string }

export function Timeline({ workflow, nameOf }: { workflow: Workflow; nameOf: (id: string) => string }) {
  const entries = useMemo(() => entriesOf(workflow, nameOf), [workflow]);
  if (!entries.length) return <Empty icon="clock" title="Nothing has happened yet">The first step appears here as soon as a worker takes it.</Empty>;
  const begun = Math.min(...entries.map((one) => Date.parse(one.from)));
  const ended = Math.max(...entries.map((one) => Date.parse(one.to ?? new Date().toISOString())), begun + 1);
  return (
    <ol class="timeline">
      {entries.map((one) => <Row key={one.key} entry={one} begun={begun} span={ended - begun} />)}
    </ol>
  );
}

function entriesOf({ steps, activities, case: one }: Workflow, nameOf: (id: string) => string): Entry[] {
  const named = one ? namesOfCase(one, steps) : new Map<string, string>();
  const made: Entry[] = steps.filter((step) => step.kind !== "LISTENER").map((step) => ({
    key: step.stepId,
    name: named.get(step.stepId) ?? nameOf(step.elementId),
    icon: step.kind === "COMPENSATION" ? "undo" : "gear",
    words: step.compensatedBy ? ["Compensated", "undone"] : step.kind === "COMPENSATION" && step.state === "COMPLETED" ? ["Undone", "undone"] : stepWords(step.state),
    from: step.claimedAt,
    to: step.finishedAt,
    step,
    note: noteOf(step, steps, nameOf),
  }));
  for (const activity of activities) {
    const { activityId, name, state, createdAt, endedAt, assignee } = activity;
    made.push({ key: activityId, name, icon: "person", words: activityWords(state), from: createdAt, to: endedAt, activity, note: assignee ? `with ${assignee}` : "waits for a person" });
  }
  return made.sort((a, b) => Date.parse(a.from) - Date.parse(b.from));
}

function noteOf(step: Step, steps: readonly Step[], nameOf: (id: string) => string): string {
  const undone = steps.filter((other) => other.compensatedBy === step.stepId);
  if (undone.length) return `takes back ${undone.map((other) => nameOf(other.elementId)).join(", ")}`;
  return step.loopCounter ? `${step.jobType} · ${step.loopCounter}` : step.jobType;
}

function Row({ entry, begun, span }: { entry: Entry; begun: number; span: number }) {
  const { step, activity } = entry;
  const from = Date.parse(entry.from);
  const to = Date.parse(entry.to ?? new Date().toISOString());
  const bar = { left: `${(100 * (from - begun)) / span}%`, width: `${Math.max(0.6, (100 * (to - from)) / span)}%` };
  const head = (
    <>
      <span class={`node ${entry.words[1]}`}><Icon name={entry.icon} size={15} /></span>
      <span class="entry"><strong>{entry.name}</strong><span class="soft">{entry.note}</span></span>
      <Badge words={entry.words} />
      <span class="track" aria-hidden="true"><span class={`bar ${entry.words[1]}`} style={bar} /></span>
      <span class="soft number" title={moment(entry.from)}>{took(entry.from, entry.to)}</span>
    </>
  );
  if (activity) return <li><Link class="line" href={`/activities/${activity.activityId}`}>{head}</Link></li>;
  return (
    <li>
      <details>
        <summary class="line">{head}</summary>
        {step && <StepDetails step={step} />}
      </details>
      {step?.error && step.state !== "COMPLETED" && <p class="wrong">{errorWords(step.error)}</p>}
    </li>
  );
}

function StepDetails({ step }: { step: Step }) {
  return (
    <div class="step">
      <h3>{step.attempts.length === 1 ? "One attempt" : `${step.attempts.length} attempts`}</h3>
      <Attempts step={step} />
      <div class="two">
        <section><h3>Given</h3><Data value={step.input} empty="Nothing, or not for you to see." /></section>
        <section><h3>Returned</h3><Data value={step.result} empty="Nothing, or not for you to see." /></section>
      </div>
    </div>
  );
}

// Where a case stands in its definition, in people's words.

import type { Graph, Way } from "./case-layout";
import type { Mark, Marks } from "./model";
import type { CaseFragment } from "./operations";
import { humanize } from "./words";

interface StepFacts { stepId: string; elementId: string }
interface ActivityFacts { name: string; state: string }

export const graphOf = ({ steps, transitions }: Pick<CaseFragment, "steps" | "transitions">): Graph =>
  ({ steps: steps.map((step) => ({ ...step, id: step.caseStepId })), transitions });

/** How often each transition was taken. */
export function takenOf({ moves }: CaseFragment): (way: Way) => number {
  const counts = new Map<string, number>();
  const keyOf = (source: string | null, on: string, target: string) => JSON.stringify([source, on, target]);
  for (const { source, on, target } of moves) counts.set(keyOf(source, on, target), (counts.get(keyOf(source, on, target)) ?? 0) + 1);
  return ({ source, on, target }) => counts.get(keyOf(source, on, target)) ?? 0;
}

/** How each step of the definition stands. */
export function marksOfCase({ moves, atStep, status, steps }: CaseFragment, live: boolean, stuck: boolean): Marks {
  const marks: Marks = Object.fromEntries(moves.map((move) => [move.target, "done" as Mark]));
  const kind = steps.find((step) => step.caseStepId === atStep)?.kind;
  if (!status && atStep) marks[atStep] = stuck ? "failed" : !live ? "stopped" : kind === "human" ? "waiting" : "active";
  return marks;
}

/** What each job of the generic process did, as the definition calls it. */
export function namesOfCase({ steps, transitions, moves }: CaseFragment, records: readonly StepFacts[]): Map<string, string> {
  const titles = new Map(steps.map((step) => [step.caseStepId, step.name]));
  const titleOf = (id: string) => titles.get(id) ?? humanize(id);
  const byRecord = new Map(moves.map((move) => [move.stepId, move]));
  const found = new Map<string, string>();
  let at = "";
  for (const { stepId, elementId } of records) {
    const move = byRecord.get(stepId);
    if (move) {
      const way = transitions.find(({ source, on, target }) => source === move.source && on === move.on && target === move.target);
      const after = way?.label ? `${humanize(way.label)} → ` : "→ ";
      found.set(stepId, move.source === null ? `Fetch definition → ${titleOf(move.target)}` : `${titleOf(move.source).replace(/([^?!.])$/, "$1:")} ${after}${titleOf(move.target)}`);
      at = move.target;
    } else if (elementId === "system_step" && at) found.set(stepId, titleOf(at));
    else if (elementId === "commit_case" && at) found.set(stepId, `Commit: ${titleOf(at)}`);
  }
  return found;
}

export const isWaiting = (activities: readonly ActivityFacts[]) => activities.some((one) => one.state === "OPEN" || one.state === "CLAIMED");

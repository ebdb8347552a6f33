// Every step of a workflow as the records have it: what it got, what it returned and how its attempts went, side by side.

import { Data } from "../data";
import { Badge, Empty, When } from "../parts";
import { Link } from "../router";
import { errorWords, humanize, stepWords, type Tone } from "../words";
import { Attempts } from "./attempts";
import type { Workflow } from "./workflow";

type Step = Workflow["steps"][number];

export function Records({ workflow, nameOf }: { workflow: Workflow; nameOf: (id: string) => string }) {
  const steps = workflow.steps.filter((step) => step.kind !== "LISTENER");
  if (!steps.length) return <Empty icon="clock" title="Nothing is recorded yet">The first step appears here as soon as a worker takes it.</Empty>;
  return (
    <div class="records" role="region" aria-label="Records of the steps" tabIndex={0}>
      <table class="table">
        <thead><tr><th scope="col">Step</th><th scope="col">Got</th><th scope="col">Returned</th><th scope="col">Attempts</th></tr></thead>
        <tbody>{steps.map((step) => <StepRow key={step.stepId} step={step} name={nameOf(step.elementId)} after={ranBefore(step, workflow).map(nameOf)} />)}</tbody>
      </table>
    </div>
  );
}

/** Those of the elements that may lead to a step which did. */
function ranBefore(step: Step, { steps, activities }: Workflow): string[] {
  const ended = [...steps.map((one) => [one.elementId, one.finishedAt]), ...activities.map((one) => [one.elementId, one.endedAt])];
  return step.preceding.filter((id) => ended.some(([one, at]) => one === id && at && at <= (step.claimedAt ?? "9")));
}

function StepRow({ step, name, after }: { step: Step; name: string; after: string[] }) {
  const words: readonly [string, Tone] = step.recalled ? ["Recalled", "good"] : step.compensatedBy ? ["Compensated", "undone"] : stepWords(step.state);
  const hidden = "Nothing, or not for you to see.";
  return (
    <tr>
      <th scope="row">
        <strong>{name}</strong>
        <span class="soft">{[...step.callPath, step.elementId].join(" › ")}{step.loopCounter ? ` · ${step.loopCounter}` : ""}</span>
        <Badge words={words} />
        {after.length > 0 && <span class="soft">after {after.join(", ")}</span>}
      </th>
      <td data-column="Got"><Data value={step.input} empty={hidden} /></td>
      <td data-column="Returned">
        {step.error && step.state !== "COMPLETED" ? <p class="wrong">{errorWords(step.error)}</p> : <Data value={step.result} empty={hidden} />}
      </td>
      <td data-column="Attempts">
        {step.recalled && <p class="hint">It did not run: an earlier run had done it, and this is what that recorded.</p>}
        <Attempts step={step} />
      </td>
    </tr>
  );
}

const ASKED: Record<string, string> = { CANCEL: "cancelled it", RETRY: "had it retried", RERUN: "ran it again", SET_VARIABLES: "set variables", GIVE_UP: "gave it up", ERASE: "had what was entered erased" };

/** Which runs it belongs with, and who asked for what. */
export function History({ workflow }: { workflow: Workflow }) {
  const again = workflow.reruns[0];
  return (
    <>
      {workflow.rerunOf && <p class="hint">It runs <Link href={`/workflows/${workflow.rerunOf.workflowId}`}>an earlier workflow</Link> again: what that one had finished was not done twice.</p>}
      {again && <p class="hint">It was run again: <Link href={`/workflows/${again.workflowId}`}>see that run</Link>.</p>}
      {workflow.events.length > 0 && (
        <ul class="plain">
          {workflow.events.filter((one) => one.kind !== "GIVEN_UP").map((one) => <li key={one.at + one.kind}><strong>{one.subject}</strong> {ASKED[one.kind] ?? humanize(one.kind.toLowerCase())}{one.kind === "SET_VARIABLES" && ` (${(one.data as { names: string[] }).names.join(", ")})`} <When iso={one.at} /></li>)}
        </ul>
      )}
      {workflow.erasedAt && <p class="hint">What was entered here has been erased; that it happened stays.</p>}
    </>
  );
}

// Giving up: what is taken back and what is not is shown before anybody agrees; afterwards, what became of it.

import { useRef, useState } from "preact/hooks";
import { isRefused, type Problem, type Refused } from "../api";
import { modelOf } from "../model";
import { GiveUpDocument, GiveUpPlanDocument, type GiveUpPlanQuery } from "../operations";
import { Dialog, Loading, notify, Trouble, When } from "../parts";
import { useQuery } from "../query";
import { Stopped, useSending, Waiting } from "../sending";
import { humanize, LIVE } from "../words";
import type { Workflow } from "./workflow";

type Plan = NonNullable<NonNullable<GiveUpPlanQuery["workflow"]>["giveUpPlan"]>;
type Step = Plan["steps"][number];

const OTHERS: readonly (readonly [Step["fate"], string])[] = [
  ["UNDER_WAY", "Under way"], ["STUCK", "Failed to be taken back"], ["STAYS", "Stays as it is"], ["UNCLEAR", "Unclear"],
  ["BEFORE", "Was taken back before"], ["NOT_DONE", "Was not done, so nothing is taken back"],
];

export function GiveUpDialog({ workflow, close, again }: { workflow: Workflow; close: () => void; again: () => Promise<void> }) {
  const id = workflow.workflowId;
  const read = useQuery(GiveUpPlanDocument, { id });
  const [said, say] = useState<Refused | null>(null);
  const { busy, waiting, once, stop } = useSending();
  const key = useRef(crypto.randomUUID());
  const plan = read.data?.workflow?.giveUpPlan;
  const giveUp = (plan: Plan) => once(async (send) => {
    say(null);
    try {
      const { answer } = (await send(GiveUpDocument, { id, plan: plan.planId, key: key.current })).data;
      if (isRefused(answer)) {
        say(answer);
        key.current = crypto.randomUUID();
        await read.again();
      } else {
        notify("It is given up.");
        close();
      }
      await again();
    } catch (error) {
      const { message, suggestion } = error as Problem;
      if (!(error instanceof Stopped)) say({ message, suggestion });
    }
  });
  return (
    <Dialog title="Give this workflow up?" close={close}>
      <Waiting waiting={waiting} stop={stop} />
      {said && <p class="wrong" role="alert"><strong>{said.message}</strong> {said.suggestion}</p>}
      {!read.data && (read.problem ? <Trouble problem={read.problem} again={() => void read.again()} /> : <Loading lines={3} label="Looking at what was done" />)}
      {read.data && !plan && <p>It cannot be given up any more: it went on, or somebody was faster.</p>}
      {plan && <Shown plan={plan} workflow={workflow} />}
      <div class="dialog-acts">
        <button type="button" onClick={close}>Keep it</button>
        {plan && <button type="button" class="danger" disabled={busy} onClick={() => void giveUp(plan)}>Give the workflow up</button>}
      </div>
    </Dialog>
  );
}

function Shown({ plan, workflow }: { plan: Plan; workflow: Workflow }) {
  const known = workflow.definition && modelOf(workflow.definition.bpmn, workflow.processName);
  const nameOf = known?.nameOf ?? humanize;
  const back = plan.steps.filter((one) => one.fate === "TAKEN_BACK");
  return (
    <div class="plan">
      <p>It ends here, and its open activities disappear from their inboxes. It cannot be retried after that.</p>
      {back.length ? <><h3>Taken back, one after the other</h3><ol>{back.map((one) => <li key={one.stepId}><strong>{naming(one, nameOf)}</strong> <span class="soft">by {nameOf(one.handlerElementId!)}</span></li>)}</ol></>
        : <p><strong>Nothing is taken back.</strong></p>}
      {OTHERS.map(([fate, title]) => <Others key={fate} title={title} steps={plan.steps.filter((one) => one.fate === fate)} nameOf={nameOf} />)}
    </div>
  );
}

function Others({ title, steps, nameOf }: { title: string; steps: Step[]; nameOf: (id: string) => string }) {
  if (!steps.length) return null;
  return <><h3>{title}</h3><ul>{steps.map((one) => <li key={one.stepId ?? one.elementId}><strong>{naming(one, nameOf)}</strong> <span class="soft">{one.why}</span></li>)}</ul></>;
}

const naming = (step: Step, nameOf: (id: string) => string) => nameOf(step.elementId) + (step.loopCounter ? ` · ${step.loopCounter}` : "");

interface Counts { taken_back?: number; stays?: number; unclear?: number }

/** What became of a workflow that was given up. */
export function GivenUp({ workflow }: { workflow: Workflow }) {
  if (!workflow.givenUpAt) return null;
  if (LIVE.includes(workflow.state)) return <p class="hint" role="status">It was given up <When iso={workflow.givenUpAt} />, and the engine is being told. Then what it did is taken back.</p>;
  if (!workflow.takenBackAt) return <p class="hint" role="status">It was given up <When iso={workflow.givenUpAt} />. What it did is being taken back, the last first{workflow.incident ? ", and waits for the retry of what failed" : ""}.</p>;
  const counts = (workflow.events.find((one) => one.kind === "GIVEN_UP")?.data ?? {}) as Counts;
  if (workflow.state === "COMPLETED") return <p class="hint">It came to its end before it could be given up: nothing was taken back.</p>;
  const parts = [
    counts.taken_back ? `${counts.taken_back} taken back` : "nothing was taken back",
    counts.stays ? `${counts.stays} stay${counts.stays === 1 ? "s" : ""} as it was` : "",
    counts.unclear ? `of ${counts.unclear} it is unclear` : "",
  ];
  return <p class="hint">It was given up, and that is over <When iso={workflow.takenBackAt} />: {parts.filter(Boolean).join(", ")}. Each step says how it stands.</p>;
}

// One workflow: where it stands on its diagram, what was done when and how often, and what can be done about it.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { isRefused, type Problem } from "../api";
import { Data } from "../data";
import { graphOf, marksOfCase, takenOf } from "../case";
import { CaseDiagram } from "../case-diagram";
import { Diagram } from "../diagram";
import { Icon } from "../icons";
import { useKeys } from "../keys";
import { marksOf, modelOf } from "../model";
import { CancelDocument, RerunDocument, RetryDocument, WorkflowDocument, type WorkflowQuery } from "../operations";
import { Badge, Dialog, Empty, Loading, notify, Tabs, Trouble, When } from "../parts";
import { wake } from "../patience";
import { addressOf, definitionOf, short } from "../published";
import { useQuery } from "../query";
import { go, Link } from "../router";
import { Stopped, useSending, Waiting, type Insisted, type Send } from "../sending";
import { isOperator, useMe } from "../session";
import { useTitle } from "../title";
import { humanize, LIVE, moment, took, workflowWords } from "../words";
import { EnginePanel, type Tokens } from "./engine";
import { GivenUp, GiveUpDialog } from "./give-up";
import { History, Records } from "./records";
import { Why } from "./stuck";
import { Timeline } from "./timeline";
import { WorkflowTable } from "./workflows";

export type Workflow = NonNullable<WorkflowQuery["workflow"]>;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const TOPICS = ["workflow", "activity"] as const;
/** Said when the request before, whose answer was lost, did it. */
const DONE_BEFORE: readonly string[] = ["NoOpenIncident", "WorkflowEnded"];
const FAILED: readonly string[] = ["CANCELLED", "ENDED_UNKNOWN", "COMPENSATED"];

export function WorkflowPage({ id }: { id: string }) {
  useKeys([{ keys: "Escape", does: "Back to the workflows", act: () => go("/workflows") }]);
  return <div class="page">{UUID.test(id) ? <Known id={id} /> : <Gone />}</div>;
}

function Gone() {
  useTitle("Workflow");
  return <><h1 class="hidden">Workflow</h1><Empty icon="search" title="There is no such workflow">It was removed, or the address is wrong. <Link href="/workflows">All workflows</Link></Empty></>;
}

function Known({ id }: { id: string }) {
  const read = useQuery(WorkflowDocument, { id }, { topics: TOPICS, about: () => [id] });
  useTitle(read.data ? undefined : "Workflow");
  if (!read.data) return <><h1 class="hidden">Workflow</h1>{read.problem ? <Trouble problem={read.problem} again={() => void read.again()} /> : <Loading lines={9} label="Loading the workflow" />}</>;
  return read.data.workflow ? <Shown workflow={read.data.workflow} again={read.again} /> : <Gone />;
}

function Shown({ workflow, again }: { workflow: Workflow; again: () => Promise<void> }) {
  const [tab, choose] = useState("timeline");
  const [tokens, showTokens] = useState<Tokens | null>(null);
  const me = useMe();
  const model = workflow.definition && modelOf(workflow.definition.bpmn, workflow.processName);
  const isCase = Boolean(workflow.artifactName && workflow.artifactName !== workflow.processName);
  const title = isCase ? definitionOf(workflow) : model?.title ?? humanize(workflow.processName);
  useTitle([title, workflow.businessKey].filter(Boolean).join(" "));
  const marks = { ...(model?.startEvent && workflow.startedAt ? { [model.startEvent]: "done" as const } : {}), ...marksOf(workflow.steps, workflow.activities) };
  const steps = workflow.steps.filter((step) => step.kind !== "LISTENER");
  const bpmn = workflow.definition
    ? <Diagram bpmn={workflow.definition.bpmn} label={`Diagram of ${model!.title} with ${tokens ? "the engine's tokens" : "the steps of this workflow"}`} {...(tokens ?? { marks })} />
    : <p class="hint">This process was not deployed through the fleet, so its diagram is not known here.</p>;
  const tabs = [
    { id: "timeline", label: "Timeline", show: () => <Timeline workflow={workflow} nameOf={model?.nameOf ?? humanize} /> },
    ...(workflow.case ? [{ id: "process", label: "Generic process", show: () => bpmn }] : []),
    { id: "records", label: "Records", show: () => <Records workflow={workflow} nameOf={model?.nameOf ?? humanize} /> },
    { id: "data", label: "Data", show: () => <DataPanel workflow={workflow} /> },
    ...(isOperator(me) ? [{ id: "engine", label: "Engine", show: () => <EnginePanel key={workflow.workflowId} workflow={workflow} nameOf={model?.nameOf ?? humanize} show={showTokens} /> }] : []),
    ...(workflow.children.length ? [{ id: "children", label: "Called", count: workflow.children.length, show: () => <WorkflowTable rows={workflow.children} /> }] : []),
  ];
  return (
    <>
      <p class="crumbs"><Link href="/workflows">Workflows</Link>{workflow.parent && <> / <Link href={`/workflows/${workflow.parent.workflowId}`}>{humanize(workflow.parent.processName)}</Link></>}</p>
      <header class="page-head">
        <div>
          <h1>{title}{workflow.businessKey && <> <bdi class="sub">{workflow.businessKey}</bdi></>}</h1>
          <p class="about">
            <Badge words={workflowWords(workflow.state)} />{workflow.incident && <Badge words={["Stuck", "bad"]} />}
            <span class="soft"><bdi>{workflow.startedBy}</bdi> started it <When iso={workflow.createdAt} /></span>
            {workflow.endedAt && <span class="soft">took {took(workflow.createdAt, workflow.endedAt)}</span>}
            <span class="soft">{steps.length} step{steps.length === 1 ? "" : "s"}</span>
            {workflow.artifactName && workflow.artifactVersion && (
              <span class="soft">by <Link href={addressOf(workflow.artifactName, workflow.artifactVersion)}>version {workflow.artifactVersion}</Link>{workflow.artifactSha256 && <> <code title={`SHA-256 ${workflow.artifactSha256}`}>{short(workflow.artifactSha256)}</code></>}</span>
            )}
          </p>
        </div>
        <Acts workflow={workflow} again={again} />
      </header>
      {workflow.incident && <p class="said" role="status"><Icon name="alert" size={16} /><span><strong>It is stuck:</strong> {workflow.incident} Remove the cause, then retry; what was done is not done again.</span></p>}
      {isOperator(me) && isStuck(workflow) && <Why workflow={workflow} nameOf={model?.nameOf ?? humanize} />}
      <GivenUp workflow={workflow} />
      <History workflow={workflow} />
      {workflow.case ? <CaseOf workflow={workflow} /> : bpmn}
      <Tabs label="More about this workflow" tabs={tabs} chosen={tab} choose={choose} />
    </>
  );
}

function CaseOf({ workflow }: { workflow: Workflow }) {
  const one = workflow.case!;
  const graph = useMemo(() => graphOf(one), [JSON.stringify([one.steps, one.transitions])]);
  const marks = marksOfCase(one, LIVE.includes(workflow.state), Boolean(workflow.incident));
  return <CaseDiagram graph={graph} label={`Steps of ${humanize(one.name)} ${one.version} and where this case stands`} marks={marks} current={one.atStep} taken={takenOf(one)} />;
}

export const isStuck = (workflow: Workflow) => Boolean(workflow.incident) || workflow.children.some((one) => one.incident);

function Acts({ workflow, again }: { workflow: Workflow; again: () => Promise<void> }) {
  const me = useMe();
  const [asking, setAsking] = useState(false);
  const [givingUp, setGivingUp] = useState(false);
  const { busy, waiting, once, stop } = useSending();
  useEffect(() => { if (waiting) wake(); }, [workflow.state]); // it has arrived: the answer is there to be had
  const may = isOperator(me) || me.subject === workflow.startedBy;
  const rerunKeys = useRef<Record<string, string>>({});
  const failed = FAILED.includes(workflow.state) || (LIVE.includes(workflow.state) && isStuck(workflow));
  const isWhole = !workflow.parent && !workflow.reruns.length && !workflow.erasedAt;
  const mayRerun = may && isWhole && failed && !(workflow.givenUpAt && !workflow.takenBackAt);
  const mayGiveUp = isOperator(me) && isWhole && failed && !workflow.givenUpAt && workflow.state !== "COMPENSATED";
  const act = (work: (send: Send) => Promise<Insisted<{ answer: { __typename: string } }>>, done: string) => once(async (send) => {
    setAsking(false);
    try {
      const { data: { answer }, again: isSecond } = await work(send);
      if (isSecond && DONE_BEFORE.includes(answer.__typename)) return await again();
      if (isRefused(answer)) notify(`${answer.message} ${answer.suggestion}`, { bad: true });
      else notify(done);
      if ("workflow" in answer) go(`/workflows/${(answer.workflow as { workflowId: string }).workflowId}`);
      else await again();
    } catch (error) {
      const { message, suggestion = "" } = error as Problem;
      if (!(error instanceof Stopped)) notify(`${message} ${suggestion}`, { bad: true });
    }
  });
  const id = workflow.workflowId;
  return (
    <div class="acts">
      <Waiting waiting={waiting} stop={stop} />
      {workflow.operateUrl && <a class="button" href={workflow.operateUrl} target="_blank" rel="noreferrer">Open in Operate<Icon name="out" size={15} /></a>}
      {may && workflow.incident && <button type="button" class="primary" disabled={busy} onClick={() => void act((send) => send(RetryDocument, { id }), "It runs again.")}>Retry</button>}
      {mayRerun && <button type="button" disabled={busy} onClick={() => void act((send) => send(RerunDocument, { id, key: (rerunKeys.current[id] ??= crypto.randomUUID()) }), "It runs again, as a new workflow.")}>Run again</button>}
      {mayGiveUp && <button type="button" disabled={busy} onClick={() => setGivingUp(true)}>Give up</button>}
      {may && LIVE.includes(workflow.state) && <button type="button" class="danger" disabled={busy} onClick={() => setAsking(true)}>Cancel</button>}
      {givingUp && <GiveUpDialog workflow={workflow} close={() => setGivingUp(false)} again={again} />}
      {asking && (
        <Dialog title="Cancel this workflow?" close={() => setAsking(false)}>
          <p>Its open activities disappear from their inboxes. What its steps have done stays: cancelling does not compensate.</p>
          <div class="dialog-acts">
            <button type="button" onClick={() => setAsking(false)}>Keep it</button>
            <button type="button" class="danger" disabled={busy} onClick={() => void act((send) => send(CancelDocument, { id }), "It is being cancelled.")}>Cancel the workflow</button>
          </div>
        </Dialog>
      )}
    </div>
  );
}

function DataPanel({ workflow }: { workflow: Workflow }) {
  const hidden = "Not there, or not for you to see.";
  return (
    <div class="two">
      <section><h2>Started with</h2><Data value={workflow.input} empty={hidden} /></section>
      <section><h2>{workflow.endedAt ? "Ended with" : "Result"}</h2><Data value={workflow.output} empty={workflow.endedAt ? hidden : "It has not ended yet."} /></section>
      <section><h2>Keys</h2><Data value={{ workflow: workflow.workflowId, process_instance: workflow.processInstanceKey, definition: workflow.definition?.definitionKey, version: workflow.processVersion, started: workflow.startedAt && moment(workflow.startedAt) }} /></section>
    </div>
  );
}

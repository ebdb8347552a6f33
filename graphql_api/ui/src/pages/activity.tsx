// One activity: its form, the data of its case, where the process stands, and what happened so far.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { isRefused, type Problem, type Refused } from "../api";
import { graphOf, marksOfCase, namesOfCase, takenOf } from "../case";
import { CaseDiagram } from "../case-diagram";
import { Data } from "../data";
import { Diagram } from "../diagram";
import { dropDraft, keepDraft, readDraft, type Draft } from "../drafts";
import { CamundaForm, type FormHandle } from "../form";
import { Icon } from "../icons";
import { useKeys } from "../keys";
import { marksOf, modelOf } from "../model";
import { ActivityDocument, ClaimDocument, CompleteDocument, ReleaseDocument, type ActivityQuery } from "../operations";
import { Badge, Due, Empty, FollowUp, Kbd, Loading, notify, Priority, Tabs, Trouble } from "../parts";
import { wake } from "../patience";
import { definitionOf } from "../published";
import { useQuery } from "../query";
import { Link } from "../router";
import { Stopped, useSending, Waiting, type Send } from "../sending";
import { useMe } from "../session";
import { useTitle } from "../title";
import { activityWords, ago, eventWords, humanize, LIVE, moment } from "../words";

type Activity = NonNullable<ActivityQuery["activity"]>;
type Action = Activity["actions"][number];

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const TOPICS = ["activity", "workflow"] as const;

interface Props { id: string; back: () => void; next: () => void }

export function ActivityView({ id, back, next }: Props) {
  return (
    <section class="activity" aria-label="Activity" tabIndex={-1}>
      {UUID.test(id) ? <Known id={id} back={back} next={next} /> : <Gone back={back} />}
    </section>
  );
}

function Known({ id, back, next }: Props) {
  const read = useQuery(ActivityDocument, { id }, {
    topics: TOPICS, about: (data) => [id, ...(data?.activity ? [data.activity.workflowId] : [])],
  });
  useTitle(read.data?.activity?.name ?? "Activity");
  if (!read.data) return <><h1 class="hidden">Activity</h1>{read.problem ? <Trouble problem={read.problem} again={() => void read.again()} /> : <div class="activity-body"><Loading lines={8} label="Loading the activity" /></div>}</>;
  const { activity } = read.data;
  return activity ? <Work activity={activity} again={read.again} back={back} next={next} /> : <Gone back={back} />;
}

function Gone({ back }: { back: () => void }) {
  useTitle("Activity");
  return <><h1 class="hidden">Activity</h1><Empty icon="search" title="This activity is not there">It was never there, or it is not for you to see. <button type="button" class="link" onClick={back}>Back to the inbox</button></Empty></>;
}

function Work({ activity, again, back, next }: { activity: Activity; again: () => Promise<void>; back: () => void; next: () => void }) {
  const me = useMe();
  const { activityId: id, workflow } = activity;
  const form = useRef<FormHandle>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const [said, say] = useState<Refused | null>(null);
  const { busy, waiting, once, stop } = useSending();
  const [draft, setDraft] = useState<Draft | null>(() => readDraft(me.subject, id));
  const [tab, choose] = useState("data");
  const mine = activity.state === "CLAIMED" && activity.assignee === me.subject;
  const claimable = activity.state === "OPEN";
  const over = !claimable && activity.state !== "CLAIMED";
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    heading.current?.scrollIntoView({ block: "nearest" });
  }, [id]);

  useEffect(() => { if (over && waiting) wake(); }, [over, waiting]); // it has arrived: the answer is there to be had

  const act = (work: (send: Send) => Promise<void>) => once(async (send) => {
    say(null);
    try {
      await work(send);
    } catch (error) {
      if (error instanceof Stopped) return;
      const { message, suggestion = "", code } = error as Problem;
      if (code !== "UNAUTHENTICATED") say({ message, suggestion });
    }
  });
  const claim = () => act(async (send) => {
    const { answer } = (await send(ClaimDocument, { id })).data;
    if (isRefused(answer)) say(answer);
    await again();
    if (!isRefused(answer)) requestAnimationFrame(() => form.current?.focus());
  });
  const release = () => act(async (send) => {
    const { answer } = (await send(ReleaseDocument, { id })).data;
    if (isRefused(answer)) say(answer);
    else notify("It waits for anybody of its group again.");
    await again();
  });
  const { actions } = activity;
  const complete = (action?: Action) => act(async (send) => {
    const result = form.current?.read();
    if (!result) return;
    const { key } = keepDraft(me.subject, id, result);
    const decided = action ? { action: action.id, key: `${key} ${action.id}` } : { key };
    const { answer } = (await send(CompleteDocument, { id, version: activity.version, result, ...decided })).data;
    if (!isRefused(answer)) {
      dropDraft(me.subject, id);
      notify(`${activity.name}: ${action ? action.label : "completed"}.`);
      next();
      return;
    }
    const rest = answer.__typename === "InvalidForm" ? form.current?.blame(answer.fields) ?? [] : [];
    say({ message: [answer.message, ...rest].join(" "), suggestion: answer.suggestion });
    if (answer.__typename !== "InvalidForm") await again();
  });
  useKeys([
    { keys: "c", does: "Claim", act: () => { if (claimable) void claim(); } },
    { keys: "r", does: "Release", act: () => { if (mine) void release(); } },
    ...(actions.length ? [] : [{ keys: "Ctrl+Enter", does: "Complete", act: () => { if (mine) void complete(); } }]),
  ]);
  const model = workflow?.definition && modelOf(workflow.definition.bpmn, workflow.processName);
  const isCase = Boolean(workflow?.case || (workflow?.artifactName && workflow.artifactName !== workflow.processName));
  const tabs = [
    { id: "data", label: "Case data", show: () => <Data value={activity.input} empty="The process handed nothing over." /> },
    ...(workflow?.case ? [{ id: "steps", label: "Steps", show: () => <CaseSteps activity={activity} /> }] : workflow?.definition ? [{ id: "diagram", label: "Diagram", show: () => <Diagram bpmn={workflow.definition!.bpmn} label={`Diagram of ${model!.title}; ${activity.name} is marked`} marks={marksOf(workflow.steps, workflow.activities)} current={activity.elementId} /> }] : []),
    { id: "history", label: "History", show: () => <History activity={activity} /> },
  ];
  return (
    <>
      <header class="activity-head">
        <button type="button" class="plain back" aria-label="Back to the list" onClick={back}><Icon name="back" /></button>
        <div class="titles">
          <h1 ref={heading} tabIndex={-1} dir="auto">{activity.name}</h1>
          <p class="about">
            {workflow ? <Link href={`/workflows/${activity.workflowId}`}>{isCase ? definitionOf(workflow) : model?.title ?? humanize(workflow.processName)}{workflow.businessKey && <> · <bdi>{workflow.businessKey}</bdi></>}</Link> : "Process unknown"}
            <Badge words={activityWords(activity.state)} />
            <span class="with"><Icon name="person" size={14} /><bdi>{activity.assignee ?? (activity.candidateGroups.map(humanize).join(", ") || "Anybody")}</bdi></span>
            <Priority value={activity.priority} />
            <Due iso={activity.dueAt} over={over} />
            <FollowUp iso={activity.followUpAt} over={over} />
          </p>
        </div>
        <div class="acts">
          {claimable && <button type="button" class="primary" disabled={busy} onClick={() => void claim()}>Claim<Kbd keys="c" /></button>}
          {mine && <button type="button" disabled={busy} onClick={() => void release()}>Release<Kbd keys="r" /></button>}
        </div>
      </header>
      <div class="activity-body">
        {!over && <Waiting waiting={waiting} stop={stop} />}
        {said && <p class="said" role="alert"><Icon name="alert" size={16} /><span><strong>{said.message}</strong> {said.suggestion}</span></p>}
        <Standing activity={activity} draft={draft} next={next} />
        {!over && (
          <form class="sheet" noValidate onSubmit={(event) => { event.preventDefault(); if (mine && !actions.length) void complete(); }}>
            <CamundaForm schema={activity.form} data={activity.input ?? {}} draft={draft?.data ?? null} name={id} readOnly={!mine || Boolean(waiting)} handle={form}
              changed={(data) => setDraft(keepDraft(me.subject, id, data))} />
            {mine && (
              <footer>
                {actions.length
                  ? <div class="acts" role="group" aria-label="Decide">{actions.map((one, nth) => <button key={one.id} type="button" class={nth ? undefined : "primary"} disabled={busy} onClick={() => void complete(one)}>{one.label}</button>)}</div>
                  : <button type="button" class="primary" disabled={busy} onClick={() => void complete()}>{busy ? "Completing …" : "Complete"}<Kbd keys="Ctrl ↵" /></button>}
                {draft && <span class="hint" role="status">Draft kept in this browser</span>}
              </footer>
            )}
          </form>
        )}
        {activity.result && <section class="sheet"><h3>Result</h3><Data value={activity.result} /></section>}
        <Tabs label="More about this activity" tabs={tabs} chosen={tab} choose={choose} />
      </div>
    </>
  );
}

function CaseSteps({ activity: { workflow } }: { activity: Activity }) {
  const one = workflow!.case!;
  const graph = useMemo(() => graphOf(one), [JSON.stringify([one.steps, one.transitions])]);
  const marks = marksOfCase(one, LIVE.includes(workflow!.state), Boolean(workflow!.incident));
  return <CaseDiagram graph={graph} label={`Steps of ${humanize(one.name)} ${one.version} and where this case stands`} marks={marks} current={one.atStep} taken={takenOf(one)} />;
}

/** Says in a sentence why there is nothing to fill in here. */
function Standing({ activity, draft, next }: { activity: Activity; draft: Draft | null; next: () => void }) {
  const me = useMe();
  const { state, assignee } = activity;
  const texts: Partial<Record<typeof state, string>> = {
    OPEN: "Claim it to fill in its form. Others then see that you are at it.",
    CLAIMED: assignee === me.subject ? "" : `${assignee} is at it. When it is given back, you can claim it here.`,
    COMPLETING: "It is recorded. The engine is being told; this page shows when it has answered.",
    COMPLETED: `Completed by ${assignee ?? "somebody"}${activity.endedAt ? ` ${ago(activity.endedAt)}` : ""}.`,
    CANCELLED: "The process no longer waits for it: it was cancelled, or went another way.",
    TOO_LATE: "The result is kept, but the process had moved on before it arrived.",
  };
  const text = texts[state];
  if (!text) return null;
  const over = state !== "OPEN" && state !== "CLAIMED";
  return (
    <div class={`standing ${activityWords(state)[1]}`}>
      <p>{text}</p>
      {over && <button type="button" class="link" onClick={next}>Open the next one</button>}
      {over && draft && <details><summary>What you had typed is still here</summary><Data value={draft.data} /></details>}
    </div>
  );
}

function History({ activity }: { activity: Activity }) {
  const { workflow } = activity;
  const model = workflow?.definition && modelOf(workflow.definition.bpmn, workflow.processName);
  const named = workflow?.case ? namesOfCase(workflow.case, workflow.steps) : new Map<string, string>();
  const entries = [
    ...activity.events.map((one) => ({ at: one.at, text: eventWords(one.kind, one.subject), here: true })),
    ...(workflow?.steps ?? []).filter((one) => one.kind !== "LISTENER" && one.finishedAt).map((one) => ({ at: one.finishedAt!, text: named.get(one.stepId) ?? model?.nameOf(one.elementId) ?? humanize(one.elementId), here: false })),
    ...(workflow?.activities ?? []).filter((one) => one.activityId !== activity.activityId && one.endedAt).map((one) => ({ at: one.endedAt!, text: `${one.name}${one.assignee ? ` by ${one.assignee}` : ""}`, here: false })),
    ...(workflow ? [{ at: workflow.createdAt, text: `${workflow.startedBy} started the workflow`, here: false }] : []),
  ].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  return (
    <ol class="history">
      {entries.map((one, nth) => <li key={nth} class={one.here ? "here" : undefined}><span dir="auto">{one.text}</span><time dateTime={one.at}>{moment(one.at)}</time></li>)}
    </ol>
  );
}

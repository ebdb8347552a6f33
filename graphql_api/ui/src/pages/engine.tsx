// One workflow as the engine itself has it: tokens, variables, jobs, incidents and calls; for those who operate it.

import { useEffect } from "preact/hooks";
import type { Load } from "../diagram-viewer";
import type { Mark, Marks } from "../model";
import { EngineViewDocument, type EngineViewQuery } from "../operations";
import { Badge, Empty, Loading, Trouble, When } from "../parts";
import { useQuery } from "../query";
import { Link } from "../router";
import { humanize, took, type Tone } from "../words";
import type { Workflow } from "./workflow";

type View = NonNullable<NonNullable<EngineViewQuery["workflow"]>["engineView"]>;
type Element = View["elements"][number];

/** How the diagram shows what the engine says. */
export interface Tokens { marks: Marks; loads: Load[] }

interface Props { workflow: Workflow; nameOf: (id: string) => string; show: (tokens: Tokens | null) => void }

const REST_MS = 1_000;

export function EnginePanel({ workflow, nameOf, show }: Props) {
  const id = workflow.workflowId;
  const read = useQuery(EngineViewDocument, { id }, { topics: ["workflow", "activity"], about: () => [id], restMs: REST_MS });
  const view = read.data?.workflow?.engineView;
  useEffect(() => show(view ? tokensOf(view.elements) : null), [view]);
  useEffect(() => () => show(null), []);
  if (read.problem && !view) return <Trouble problem={read.problem} again={() => void read.again()} />;
  if (!read.data) return <Loading label="Asking the engine" />;
  if (!view) return <Empty icon="clock" title="The engine has nothing of it">{workflow.erasedAt ? "What was entered here has been erased, so its variables are not shown." : "It has not begun there yet."}</Empty>;
  return <Shown view={view} workflow={workflow} nameOf={nameOf} again={() => void read.again()} />;
}

/** The later outweighs the earlier, a token outweighs where one was, and an incident everything. */
function tokensOf(elements: readonly Element[]): Tokens {
  const marks: Marks = {};
  const counts = new Map<string, Load>();
  for (const one of elements) {
    const mark = markOf(one);
    if (weight(mark) >= weight(marks[one.elementId])) marks[one.elementId] = mark;
    if (one.state !== "ACTIVE" || one.kind === "MULTI_INSTANCE_BODY") continue;
    const count = counts.get(one.elementId) ?? { elementId: one.elementId, active: 0, incidents: 0 };
    counts.set(one.elementId, { ...count, ...(one.hasIncident ? { incidents: count.incidents + 1 } : { active: count.active + 1 }) });
  }
  return { marks, loads: [...counts.values()] };
}

const weight = (mark?: Mark) => mark === "failed" ? 2 : mark === "active" ? 1 : 0;

const markOf = ({ state, hasIncident }: Element): Mark =>
  state === "ACTIVE" ? (hasIncident ? "failed" : "active") : state === "COMPLETED" ? "done" : "stopped";

const TONES: Record<string, Tone> = {
  ACTIVE: "busy", COMPLETED: "good", TERMINATED: "quiet", CREATED: "wait", FAILED: "bad", TIMED_OUT: "wait", ERROR_THROWN: "undone",
  CANCELED: "quiet", RETRIES_UPDATED: "wait", RESOLVED: "good",
};
const said = (state: string): readonly [string, Tone] => [humanize(state.toLowerCase()), TONES[state] ?? "quiet"];

function Shown({ view, workflow, nameOf, again }: { view: View; workflow: Workflow; nameOf: (id: string) => string; again: () => void }) {
  return (
    <div class="engine">
      <p class="about">
        <Badge words={said(view.state)} />
        <span class="soft">as the engine has it; the diagram above shows its tokens</span>
        <button type="button" onClick={again}>Ask again</button>
        {workflow.operateUrl && <a href={workflow.operateUrl} target="_blank" rel="noreferrer">Open in Operate</a>}
      </p>
      {!view.whole && <p class="hint">It is a long one: the oldest entries are left out.</p>}
      <Incidents view={view} nameOf={nameOf} />
      <Elements view={view} nameOf={nameOf} />
      <Variables view={view} workflow={workflow} nameOf={nameOf} />
      <Jobs view={view} nameOf={nameOf} />
      <Calls view={view} workflow={workflow} />
    </div>
  );
}

interface TableProps { title: string; columns: string[]; none: string; rows: preact.ComponentChildren[][] }

function Table({ title, columns, none, rows }: TableProps) {
  return (
    <section aria-label={title}>
      <h2>{title}{rows.length > 0 && <span class="soft">{rows.length}</span>}</h2>
      {rows.length ? (
        <table class="table facts">
          <thead><tr>{columns.map((name) => <th scope="col" key={name}>{name}</th>)}</tr></thead>
          <tbody>{rows.map((cells, nth) => <tr key={nth}>{cells.map((cell, at) => <td key={at} data-column={columns[at]}>{cell}</td>)}</tr>)}</tbody>
        </table>
      ) : <p class="hint">{none}</p>}
    </section>
  );
}

type Part = { view: View; nameOf: (id: string) => string };

function Incidents({ view, nameOf }: Part) {
  const rows = view.incidents.map((one) => [
    <strong>{nameOf(one.elementId)}</strong>,
    <Badge words={one.state === "RESOLVED" ? said(one.state) : ["Open", "bad"]} />,
    <span class="mono">{one.errorType}</span>, one.message && <span class="text">{one.message}</span>, one.createdAt && <When iso={one.createdAt} />,
  ]);
  return <Table title="Incidents" columns={["Element", "State", "Kind", "Message", "Since"]} none="There are none." rows={rows} />;
}

function Elements({ view, nameOf }: Part) {
  const rows = [...view.elements].reverse().map((one) => [
    <strong>{one.name === one.elementId ? nameOf(one.elementId) : one.name}</strong>,
    <span class="states"><Badge words={said(one.state)} />{one.hasIncident && <Badge words={["Stuck", "bad"]} />}</span>,
    <span class="soft">{humanize(one.kind.toLowerCase())}</span>,
    one.startedAt && <When iso={one.startedAt} />,
    one.startedAt && one.endedAt && <span class="soft number">{took(one.startedAt, one.endedAt)}</span>,
  ]);
  return <Table title="Elements" columns={["Element", "State", "Type", "Entered", "Took"]} none="It has not come to any." rows={rows} />;
}

function Variables({ view, workflow, nameOf }: Part & { workflow: Workflow }) {
  const of = new Map(view.elements.map((one) => [one.key, nameOf(one.elementId)]));
  const rows = view.variables.map((one) => [
    <strong>{one.name}</strong>,
    <code class="value">{one.value}{one.isCut && "…"}</code>,
    <span class="soft">{one.scopeKey === workflow.processInstanceKey ? "The whole process" : of.get(one.scopeKey) ?? one.scopeKey}</span>,
  ]);
  return <Table title="Variables" columns={["Name", "Value", "Scope"]} none="There are none." rows={rows} />;
}

function Jobs({ view, nameOf }: Part) {
  const rows = [...view.jobs].reverse().map((one) => [
    <><strong>{nameOf(one.elementId)}</strong> <span class="soft">{one.jobType}</span></>,
    <Badge words={said(one.state)} />, <span class="number">{one.retries}</span>,
    <span class="soft">{one.worker || "–"}</span>, one.errorMessage && <span class="text">{one.errorMessage}</span>,
  ]);
  return <Table title="Jobs" columns={["Job", "State", "Retries left", "Worker", "Error"]} none="There were none." rows={rows} />;
}

function Calls({ view, workflow }: { view: View; workflow: Workflow }) {
  if (!view.calledInstances.length) return null;
  const known = new Map(workflow.children.map((one) => [one.processInstanceKey, one.workflowId]));
  const rows = view.calledInstances.map((one) => {
    const id = known.get(one.processInstanceKey);
    const name = humanize(one.processName);
    return [
      id ? <Link href={`/workflows/${id}`}><strong>{name}</strong></Link> : <strong>{name}</strong>,
      <span class="states"><Badge words={said(one.state)} />{one.hasIncident && <Badge words={["Stuck", "bad"]} />}</span>,
      <span class="soft mono">{one.processInstanceKey}</span>, one.startedAt && <When iso={one.startedAt} />,
    ];
  });
  return <Table title="Called" columns={["Process", "State", "Key", "Begun"]} none="" rows={rows} />;
}

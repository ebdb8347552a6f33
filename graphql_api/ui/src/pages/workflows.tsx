// All workflows, filtered as the address says.

import { useEffect, useState } from "preact/hooks";
import { ask } from "../api";
import { Icon } from "../icons";
import { useKeys } from "../keys";
import { More, Rows, useCursor, useList, useRested } from "../lists";
import { WorkflowsDocument, type Order, type WorkflowFilterInput, type WorkflowRowFragment, type WorkflowState } from "../operations";
import { ProcessesDocument } from "../operations";
import { Badge, Empty, Loading, Trouble, When } from "../parts";
import { definitionOf } from "../published";
import { useQuery } from "../query";
import { go, Link, setParams, usePlace } from "../router";
import { useTitle } from "../title";
import { humanize, LIVE, took, workflowWords } from "../words";

const VIEWS: readonly [string, string, WorkflowFilterInput][] = [
  ["", "All", {}],
  ["running", "Running", { state: [...LIVE] as WorkflowState[] }],
  ["stuck", "Stuck", { hasIncident: true }],
  ["completed", "Completed", { state: ["COMPLETED"] }],
  ["compensated", "Compensated", { state: ["COMPENSATED"] }],
  ["ended", "Cancelled", { state: ["CANCELLED", "ENDED_UNKNOWN"] }],
];
type Row = WorkflowRowFragment;
const ORDER: Record<Order, (a: Row, b: Row) => number> = {
  NEWEST_FIRST: (a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt),
  OLDEST_FIRST: (a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt),
};

/** Whether a changed workflow belongs to what is asked for; the server answers the same when it is read. */
const fits = (row: Row, filter: WorkflowFilterInput) =>
  (!filter.state || filter.state.includes(row.state))
  && (!filter.hasIncident || Boolean(row.incident))
  && (!filter.processName || row.processName === filter.processName)
  && (!filter.businessKey || row.businessKey === filter.businessKey);

export function WorkflowsPage() {
  const { params } = usePlace();
  const view = VIEWS.find(([id]) => id === params.get("view")) ?? VIEWS[0]!;
  const process = params.get("process") ?? "";
  const [typed, type] = useState(params.get("key") ?? "");
  const businessKey = useRested(typed).trim();
  useEffect(() => setParams({ key: businessKey }), [businessKey]);
  const filter = { ...view[2], processName: process || null, businessKey: businessKey || null };
  const orderBy = params.get("sort") === "oldest" ? "OLDEST_FIRST" as const : "NEWEST_FIRST" as const;
  const key = JSON.stringify([filter, orderBy]);
  const list = useList<Row>(
    async (first, after) => (await ask(WorkflowsDocument, { first, after, filter, orderBy })).workflows, key,
    { topic: "workflow", idOf: (row) => row.workflowId, fits: (row) => fits(row, filter), order: ORDER[orderBy] },
  );
  const { rows, more, grow } = list;
  const processes = useQuery(ProcessesDocument, { name: null });
  const names = [...new Set(processes.data?.processDefinitions.edges.map(({ node }) => node.processName))].sort();
  const cursor = useCursor(rows.map((row) => row.workflowId), { more, grow });
  useTitle("Workflows");
  useKeys([
    { keys: "j, ArrowDown", does: "Next in the list", act: () => cursor.move(1) },
    { keys: "k, ArrowUp", does: "Previous in the list", act: () => cursor.move(-1) },
    { keys: "PageDown", does: "Ten further in the list", act: () => cursor.move(10) },
    { keys: "PageUp", does: "Ten back in the list", act: () => cursor.move(-10) },
    { keys: "Enter, o", does: "Open", act: () => { if (cursor.at) go(`/workflows/${cursor.at}`); } },
  ]);
  const filtered = Boolean(process || businessKey || view[0]);
  return (
    <div class="page">
      <header class="page-head"><h1>Workflows</h1><Link class="button primary" href="/start"><Icon name="plus" size={16} />Start</Link></header>
      <div class="tools" role="search">
        <div class="chips" role="group" aria-label="Which workflows">
          {VIEWS.map(([id, name]) => <button key={id} type="button" aria-pressed={id === view[0]} onClick={() => setParams({ view: id })}>{name}</button>)}
        </div>
        <label><span class="hidden">Process</span>
          <select value={process} onChange={(event) => setParams({ process: event.currentTarget.value })}>
            <option value="">All processes</option>
            {names.map((name) => <option key={name} value={name}>{humanize(name)}</option>)}
          </select>
        </label>
        <label><span class="hidden">Order</span>
          <select value={params.get("sort") ?? ""} onChange={(event) => setParams({ sort: event.currentTarget.value })}>
            <option value="">Newest first</option><option value="oldest">Oldest first</option>
          </select>
        </label>
        <label class="search"><Icon name="search" size={16} /><span class="hidden">Business key</span>
          <input type="search" placeholder="Business key" autocomplete="off" value={typed} onInput={(event) => type(event.currentTarget.value)} />
        </label>
      </div>
      {list.problem && !list.data && <Trouble problem={list.problem} again={() => void list.again()} />}
      {!list.data && !list.problem && <Loading lines={8} label="Loading workflows" />}
      {list.data && (rows.length ? <WorkflowTable rows={rows} at={cursor.at} /> : (
        filtered ? <Empty icon="search" title="Nothing matches">Choose another filter.</Empty>
          : <Empty icon="flow" title="Nothing was started yet"><Link href="/start">Start a process</Link> and follow it here.</Empty>
      ))}
      {more && <More grow={grow} />}
    </div>
  );
}

export function WorkflowTable({ rows, at = null }: { rows: readonly WorkflowRowFragment[]; at?: string | null }) {
  return (
    <table class="table workflows">
      <thead><tr><th scope="col">Process</th><th scope="col">State</th><th scope="col">Started by</th><th scope="col">Started</th><th scope="col">Took</th></tr></thead>
      <Rows as="tbody" rows={rows} markOf={(piece) => piece.some((row) => row.workflowId === at) ? at! : ""} draw={(row) => (
          <tr key={row.workflowId} class={row.workflowId === at ? "at" : undefined}>
            <td><Link href={`/workflows/${row.workflowId}`} id={`row-${row.workflowId}`} data-row={row.workflowId}><strong>{definitionOf(row)}</strong> <bdi class="sub">{row.businessKey ?? row.workflowId.slice(0, 8)}</bdi></Link></td>
            <td><span class="states"><Badge words={workflowWords(row.state)} />{row.incident && <Badge words={["Stuck", "bad"]} />}</span></td>
            <td class="soft">{row.origin === "API" ? <bdi>{row.startedBy}</bdi> : row.origin === "CHILD" ? "Another workflow" : "The engine"}</td>
            <td class="soft"><When iso={row.createdAt} /></td>
            <td class="soft number">{row.endedAt && took(row.createdAt, row.endedAt)}</td>
          </tr>
        )} />
    </table>
  );
}

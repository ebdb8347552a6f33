// The inbox: what there is to do, and beside it the activity that is open.

import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../api";
import { Icon } from "../icons";
import { useKeys } from "../keys";
import { More, Rows, useCursor, useList, useRested } from "../lists";
import { ActivitiesDocument, type ActivityFilterInput, type ActivityOrder, type ActivityRowFragment } from "../operations";
import { Badge, Due, Empty, FollowUp, Loading, Priority, Trouble, When } from "../parts";
import { definitionOf } from "../published";
import { go, Link, setParams, usePlace, withParams } from "../router";
import { useMe, type Me } from "../session";
import { useTitle } from "../title";
import { activityWords, humanize } from "../words";
import { ActivityView } from "./activity";

const WAITING = { state: ["OPEN", "CLAIMED", "COMPLETING"] } satisfies ActivityFilterInput;
const VIEWS: readonly [string, string, ActivityFilterInput][] = [
  ["", "All open", WAITING],
  ["mine", "Mine", { state: ["CLAIMED", "COMPLETING"], mine: true }],
  ["groups", "My groups", { ...WAITING, myGroups: true }],
  ["done", "Finished", { state: ["COMPLETED", "CANCELLED", "TOO_LATE"] }],
];
const ORDERS: readonly [string, string, ActivityOrder][] = [
  ["", "Newest first", "NEWEST_FIRST"], ["oldest", "Oldest first", "OLDEST_FIRST"], ["due", "Due first", "DUE_FIRST"],
  ["follow-up", "Follow-up first", "FOLLOW_UP_FIRST"], ["priority", "Most urgent first", "PRIORITY_FIRST"],
];
type Row = ActivityRowFragment;
const moment = (iso: string | null) => (iso ? Date.parse(iso) : Infinity);
const due = (row: Row) => moment(row.dueAt);
const by = (rank: (row: Row) => number) => (a: Row, b: Row) => (rank(a) === rank(b) ? ORDER.OLDEST_FIRST(a, b) : rank(a) - rank(b));
const ORDER: Record<ActivityOrder, (a: Row, b: Row) => number> = {
  NEWEST_FIRST: (a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt),
  OLDEST_FIRST: (a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt),
  DUE_FIRST: by(due),
  FOLLOW_UP_FIRST: by((row) => moment(row.followUpAt)),
  PRIORITY_FIRST: by((row) => -row.priority),
};

/** Whether a changed activity belongs to what is asked for; the server answers the same when it is read. */
function fits(row: Row, filter: ActivityFilterInput, me: Me): boolean {
  const [search, open] = [filter.search?.toLowerCase(), row.state === "OPEN" || row.state === "CLAIMED"];
  return (!filter.state || filter.state.includes(row.state))
    && (!filter.mine || row.assignee === me.subject)
    && (!filter.myGroups || row.candidateGroups.some((group) => me.groups.includes(group)))
    && (!filter.overdue || (open && due(row) < Date.now()))
    && (!search || [row.name, row.elementId, row.workflow?.businessKey ?? ""].some((text) => text.toLowerCase().includes(search)));
}

export function InboxPage({ activityId }: { activityId?: string }) {
  const me = useMe();
  const { params } = usePlace();
  const view = VIEWS.find(([id]) => id === params.get("view")) ?? VIEWS[0]!;
  const order = ORDERS.find(([id]) => id === params.get("sort")) ?? ORDERS[0]!;
  const [typed, type] = useState(params.get("q") ?? "");
  const search = useRested(typed);
  useEffect(() => setParams({ q: search.trim() }), [search]);
  const overdue = params.has("overdue");
  const filter = { ...view[2], search: search.trim() || null, overdue };
  const key = JSON.stringify([filter, order[2]]);
  const list = useList<Row>(
    async (first, after) => (await ask(ActivitiesDocument, { first, after, filter, orderBy: order[2] })).activities, key,
    { topic: "activity", idOf: (row) => row.activityId, fits: (row) => fits(row, filter, me), order: ORDER[order[2]] },
  );
  const { rows, more, grow } = list;
  const cursor = useCursor(rows.map((row) => row.activityId), { began: activityId ?? null, more, grow });
  useTitle(activityId ? undefined : "Inbox");
  const open = (id: string) => go(withParams(`/activities/${id}`, params));
  const back = () => {
    go(withParams("/inbox", params));
    if (activityId) requestAnimationFrame(() => document.getElementById(`row-${activityId}`)?.focus());
  };
  const box = useRef<HTMLInputElement>(null);
  const choosing = useRef(false); // Enter was pressed in the search: its first hit gets the focus once it is there
  const settled = list.data !== undefined && !list.stale && search === typed;
  useEffect(() => {
    if (!settled || !choosing.current) return;
    choosing.current = false;
    if (document.activeElement === box.current) cursor.move(-rows.length);
  }, [settled]);
  const choose = () => {
    choosing.current = !settled;
    if (settled) cursor.move(-rows.length);
  };
  const showAll = () => { type(""); setParams({ q: "", overdue: "" }); };
  useKeys([
    { keys: "j, ArrowDown", does: "Next in the list", act: () => cursor.move(1) },
    { keys: "k, ArrowUp", does: "Previous in the list", act: () => cursor.move(-1) },
    { keys: "PageDown", does: "Ten further in the list", act: () => cursor.move(10) },
    { keys: "PageUp", does: "Ten back in the list", act: () => cursor.move(-10) },
    { keys: "Enter, o", does: "Open", act: () => { if (cursor.at) open(cursor.at); } },
    { keys: "/", does: "Search", act: () => box.current?.focus() },
    { keys: "Escape", does: "Back to the list", act: () => (document.activeElement === box.current ? cursor.move(0) : back()) },
    ...VIEWS.map(([id, name], nth) => ({ keys: String(nth + 1), does: `Show ${name.toLowerCase()}`, act: () => setParams({ view: id }) })),
  ]);
  const next = () => {
    if (!activityId || !location.pathname.endsWith(activityId)) return; // whoever went elsewhere meanwhile stays there
    const nth = rows.findIndex((row) => row.activityId === activityId);
    const others = [...rows.slice(nth + 1), ...rows.slice(0, Math.max(0, nth))];
    const following = others.find((row) => row.activityId !== activityId && (row.state === "OPEN" || row.state === "CLAIMED"));
    following ? open(following.activityId) : go(withParams("/inbox", params));
  };
  const draw = (row: Row) => <RowLink key={row.activityId} row={row} here={row.activityId === activityId} at={row.activityId === cursor.at} href={withParams(`/activities/${row.activityId}`, params)} focused={() => cursor.set(row.activityId)} />;
  const markOf = (piece: readonly Row[]) => [params.toString(), ...piece.filter((row) => row.activityId === activityId || row.activityId === cursor.at).map((row) => [row.activityId, activityId, cursor.at])].join();
  return (
    <div class={activityId ? "inbox with-activity" : "inbox"}>
      <section class="list" aria-labelledby="inbox-title">
        <header>
          {activityId ? <h2 id="inbox-title">Inbox</h2> : <h1 id="inbox-title">Inbox</h1>}
          <div class="chips" role="group" aria-label="Which activities">
            {VIEWS.map(([id, name]) => <button key={id} type="button" aria-pressed={id === view[0]} onClick={() => setParams({ view: id })}>{name}</button>)}
          </div>
          <div class="tools" role="search">
            <label class="search"><Icon name="search" size={16} /><span class="hidden">Search by name or business key</span>
              <input ref={box} type="search" placeholder="Search" autocomplete="off" value={typed} onInput={(event) => type(event.currentTarget.value)}
                onKeyDown={(event) => { if (event.key === "Enter" || event.key === "ArrowDown") { event.preventDefault(); choose(); } }} />
            </label>
            <label><span class="hidden">Order</span>
              <select value={order[0]} onChange={(event) => setParams({ sort: event.currentTarget.value })}>
                {ORDERS.map(([id, name]) => <option key={id} value={id}>{name}</option>)}
              </select>
            </label>
            <button type="button" class="chip" aria-pressed={overdue} onClick={() => setParams({ overdue: overdue ? "" : "1" })}>Overdue</button>
          </div>
        </header>
        <div class="rows" aria-busy={!list.data || list.stale}>
          {list.problem && !list.data && <Trouble problem={list.problem} again={() => void list.again()} />}
          {!list.data && !list.problem && <Loading lines={7} label="Loading activities" />}
          {list.data && (rows.length ? (
            <div role="list"><Rows as="div" rows={rows} draw={draw} markOf={markOf} /></div>
          ) : <Nothing filtered={Boolean(search.trim() || overdue)} view={view[0]} showAll={showAll} />)}
          {more && <More grow={grow} />}
        </div>
      </section>
      {activityId
        ? <ActivityView id={activityId} key={activityId} back={back} next={next} />
        : <div class="beside"><Empty icon="inbox" title="Nothing is open">Choose an activity with <kbd>j</kbd> <kbd>k</kbd> and open it with <kbd>↵</kbd>. <kbd>?</kbd> lists all keys.</Empty></div>}
    </div>
  );
}

interface RowProps { row: Row; here: boolean; at: boolean; href: string; focused: () => void }

function RowLink({ row, here, at, href, focused }: RowProps) {
  const over = !["OPEN", "CLAIMED"].includes(row.state);
  return (
    <div role="listitem">
      <Link href={href} class={at ? "row at" : "row"} id={`row-${row.activityId}`} data-row={row.activityId} aria-current={here ? "true" : undefined} onFocus={focused}>
        <span class="row-top"><span class="row-name" dir="auto">{row.name}</span><When iso={row.createdAt} /></span>
        <span class="row-about">{row.workflow && definitionOf(row.workflow)}{row.workflow?.businessKey && <> · <bdi>{row.workflow.businessKey}</bdi></>}</span>
        <span class="row-state">
          <Badge words={activityWords(row.state)} />
          {row.assignee ? <span class="with"><Icon name="person" size={14} /><bdi>{row.assignee}</bdi></span> : <span class="with"><bdi>{row.candidateGroups.map(humanize).join(", ")}</bdi></span>}
          <Priority value={row.priority} />
          <Due iso={row.dueAt} over={over} />
          <FollowUp iso={row.followUpAt} over={over} />
        </span>
      </Link>
    </div>
  );
}

function Nothing({ filtered, view, showAll }: { filtered: boolean; view: string; showAll: () => void }) {
  if (filtered) return <Empty icon="search" title="Nothing matches">Search for less, or <button type="button" class="link" onClick={showAll}>show all</button>.</Empty>;
  if (view === "mine") return <Empty icon="check" title="You have claimed nothing">What you claim stands here until you complete it.</Empty>;
  if (view === "done") return <Empty icon="check" title="Nothing is finished yet">What was completed or cancelled is kept here.</Empty>;
  return <Empty icon="check" title="All done">New work appears here by itself. <Link href="/start">Start a process</Link></Empty>;
}

// Every published version of every process and case: who published it when, and what runs on it.

import { useEffect, useState } from "preact/hooks";
import { Icon } from "../icons";
import { useKeys } from "../keys";
import { More, Rows, useCursor, useRested } from "../lists";
import { Badge, Empty, Loading, Trouble, When } from "../parts";
import { addressOf, readVersions, short, standingOf, type Published, type Store } from "../published";
import { useRead } from "../query";
import { go, Link, setParams, usePlace } from "../router";
import { useTitle } from "../title";
import { humanize } from "../words";

const FIRST = 100;
const TOPICS = ["workflow"] as const;
const COUNT_MS = 5_000; // counting is dear, and nobody follows single workflows here
const LOOK_AGAIN_MS = 30_000; // a pipeline may have published something
const VIEWS: readonly [string, string, (one: Published) => boolean][] = [
  ["", "All versions", () => true], ["newest", "Newest", (one) => one.isLatest], ["used", "At work", (one) => Boolean(one.running)],
];
const MODELER = "https://camunda.com/download/modeler/";

const idOf = (one: Published) => `${one.processName}-${one.processVersion}`;

export function DefinitionsPage() {
  const { params } = usePlace();
  const view = VIEWS.find(([id]) => id === params.get("view")) ?? VIEWS[0]!;
  const [typed, type] = useState(params.get("q") ?? "");
  const wanted = useRested(typed).trim().toLowerCase();
  const [count, setCount] = useState(FIRST);
  useEffect(() => setParams({ q: wanted }), [wanted]);
  const read = useRead(() => readVersions(count, null), `definitions ${count}`, { topics: TOPICS, restMs: COUNT_MS });
  useEffect(() => {
    const timer = setInterval(() => { if (!document.hidden) void read.again(); }, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [read.again]);
  const rows = (read.data?.versions ?? []).filter((one) => view[2](one) && `${one.processName} ${humanize(one.processName)} ${one.processVersion} ${one.description ?? ""}`.toLowerCase().includes(wanted));
  const cursor = useCursor(rows.map(idOf), { more: false, grow: () => undefined });
  useTitle("Definitions");
  useKeys([
    { keys: "j, ArrowDown", does: "Next in the list", act: () => cursor.move(1) },
    { keys: "k, ArrowUp", does: "Previous in the list", act: () => cursor.move(-1) },
    { keys: "PageDown", does: "Ten further in the list", act: () => cursor.move(10) },
    { keys: "PageUp", does: "Ten back in the list", act: () => cursor.move(-10) },
    { keys: "Enter, o", does: "Open", act: () => { const one = rows.find((row) => idOf(row) === cursor.at); if (one) go(addressOf(one.processName, one.processVersion)); } },
  ]);
  return (
    <div class="page">
      <header class="page-head"><div><h1>Definitions</h1><ChangedInGit store={read.data?.store ?? null} /></div></header>
      {read.data?.store?.trouble && <StoreAway store={read.data.store} />}
      {!read.data && (read.problem ? <Trouble problem={read.problem} again={() => void read.again()} /> : <Loading lines={8} label="Loading the definitions" />)}
      {read.data && (read.data.versions.length ? (
        <>
          <div class="tools" role="search">
            <div class="chips" role="group" aria-label="Which versions">
              {VIEWS.map(([id, name]) => <button key={id} type="button" aria-pressed={id === view[0]} onClick={() => setParams({ view: id })}>{name}</button>)}
            </div>
            <label class="search"><Icon name="search" size={16} /><span class="hidden">Search definitions</span>
              <input type="search" placeholder="Name, version or what it does" autocomplete="off" value={typed} onInput={(event) => type(event.currentTarget.value)} />
            </label>
          </div>
          {rows.length ? <VersionTable rows={rows} at={cursor.at} /> : <Empty icon="search" title="Nothing matches">Choose another filter.</Empty>}
          {read.data.more && <More grow={() => setCount(read.data!.versions.length + FIRST)} />}
        </>
      ) : <Nothing store={read.data.store} />)}
    </div>
  );
}

/** Read here, changed elsewhere: where that is. */
export function ChangedInGit({ store }: { store: Store }) {
  return (
    <p class="soft lead">
      What processes and cases do is read here and changed in Git: {store?.repositoryUrl ? <a href={store.repositoryUrl} target="_blank" rel="noreferrer">open the repository</a> : "in the repository of definitions"},
      or draw with <a href={MODELER} target="_blank" rel="noreferrer">Camunda Modeler</a>; its pipeline publishes the next version.
    </p>
  );
}

export function StoreAway({ store }: { store: NonNullable<Store> }) {
  return (
    <p class="said" role="status"><Icon name="alert" size={16} />
      <span><strong>The store of definitions is away.</strong> {store.trouble} Shown is what was read {store.readAt ? <When iso={store.readAt} /> : "before"} and what the records know.</span>
    </p>
  );
}

function Nothing({ store }: { store: Store }) {
  if (!store) return <Empty icon="shapes" title="No store of definitions is set up">Whoever runs this names one in <code>FLEET_ARTIFACTS__STORE</code>; what is deployed without one is under <Link href="/processes">Processes</Link>.</Empty>;
  return <Empty icon="shapes" title="Nothing is published that you may see"><code>fleet publish</code> publishes what lies in Git; a definition's <code>access</code> names who may see it.</Empty>;
}

function VersionTable({ rows, at }: { rows: readonly Published[]; at: string | null }) {
  return (
    <table class="table versions">
      <thead><tr><th scope="col">Definition</th><th scope="col">Version</th><th scope="col">Published</th><th scope="col">At work</th><th scope="col">Content</th></tr></thead>
      <Rows as="tbody" rows={rows} markOf={(piece) => piece.some((row) => idOf(row) === at) ? at! : ""} draw={(row) => (
        <tr key={idOf(row)} class={idOf(row) === at ? "at" : undefined}>
          <td><Link href={addressOf(row.processName, row.processVersion)} id={`row-${idOf(row)}`} data-row={idOf(row)}><strong>{humanize(row.processName)}</strong><span class="hidden"> {row.processVersion}</span></Link><span class="soft clamp">{row.description ?? row.refusal}</span></td>
          <td><span class="states"><span class="number">{row.processVersion}</span>{standingOf(row).map((words) => <Badge key={words[0]} words={words} />)}</span></td>
          <td class="soft">{row.publishedAt && <When iso={row.publishedAt} />}{row.publishedBy && <> by <bdi>{row.publishedBy}</bdi></>}</td>
          <td class="number" data-label="at work">{row.running ?? "–"}</td>
          <td class="soft">{row.sha256 && <code title={row.sha256}>{short(row.sha256)}</code>}</td>
        </tr>
      )} />
    </table>
  );
}

// Start a process: choose it, fill in what it begins with, follow the workflow.

import type { ComponentChildren } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { isRefused, type Problem, type Refused } from "../api";
import { keepDraft, dropDraft, readDraft } from "../drafts";
import { examplesOf, type Values } from "../examples";
import { CamundaForm, type FormHandle } from "../form";
import { Icon } from "../icons";
import { useKeys } from "../keys";
import { modelOf } from "../model";
import { ProcessesDocument, PublishedContentsDocument, StartDocument, type ProcessesQuery } from "../operations";
import { Badge, Empty, Kbd, Loading, notify, Trouble } from "../parts";
import { addressOf, GENERIC_CASE, readVersions, type Published } from "../published";
import { useQuery, useRead } from "../query";
import { go, Link, setParams, usePlace } from "../router";
import { filledIn, formOf } from "../schema-form";
import { Stopped, useSending, Waiting } from "../sending";
import { useMe } from "../session";
import { useTitle } from "../title";
import { humanize } from "../words";
import { TryOut } from "./try";

export type Definition = ProcessesQuery["processDefinitions"]["edges"][number]["node"];

/** The newest version of each process. */
export function latest(data: ProcessesQuery): Definition[] {
  const found = new Map<string, Definition>();
  for (const { node } of data.processDefinitions.edges) if (!found.has(node.processName)) found.set(node.processName, node);
  return [...found.values()].sort((a, b) => a.processName.localeCompare(b.processName));
}

/** What can be filled in and started: what a plain start runs, or a version by its number. */
interface Startable { name: string; version: string | null; title: string; description: string; form: object | null; inputSchema: Definition["inputSchema"] }

const deployed = ({ processName: name, bpmn, inputSchema }: Definition): Startable => {
  const model = modelOf(bpmn, name);
  return { name, version: null, title: model.title, description: model.description, form: model.startForm, inputSchema };
};
const mayBegin = (one: Published) => one.mayStart && !one.refusal;

export function StartsPage() {
  useTitle("Start a process");
  const read = useQuery(ProcessesDocument, { name: null });
  const shelf = useRead(() => readVersions(1_000, null), "startable versions");
  const all = read.data && latest(read.data).filter((one) => one.mayStart && one.processName !== GENERIC_CASE);
  const there = new Set(read.data?.processDefinitions.edges.map(({ node }) => node.processName));
  const published = shelf.data?.versions.filter((one) => one.isLatest && mayBegin(one) && !there.has(one.processName)) ?? [];
  return (
    <div class="page">
      <header class="page-head"><h1>Start a process</h1></header>
      {!all && (read.problem ? <Trouble problem={read.problem} again={() => void read.again()} /> : <Loading lines={4} label="Loading processes" />)}
      {all && !all.length && !published.length && <Empty icon="shapes" title="There is nothing that you may start">Processes are deployed by <code>fleet deploy</code>; a manifest's <code>access</code> names who may start one.</Empty>}
      <ul class="cards">
        {all?.map((one) => {
          const model = modelOf(one.bpmn, one.processName);
          return <StartCard key={one.definitionKey} name={one.processName} title={model.title} description={model.description} />;
        })}
        {all && published.map((one) => <StartCard key={one.processName} name={one.processName} title={humanize(one.processName)} description={one.description ?? ""} version={one} />)}
      </ul>
      {all && <TryOut definitions={all} />}
    </div>
  );
}

function StartCard({ name, title, description, version }: { name: string; title: string; description: string; version?: Published }) {
  return (
    <li>
      <Link class="card" href={`/start/${encodeURIComponent(name)}`}>
        <strong>{title}</strong><span class="soft clamp">{description || "No description."}</span>
        {version && <span class="facts">{version.kind === "CASE" && <Badge words={["Case", "quiet"]} />}<span class="soft">{version.processVersion}</span></span>}
        <span class="go"><Icon name="play" size={14} />Start</span>
      </Link>
    </li>
  );
}

export function StartPage({ name }: { name: string }) {
  const read = useQuery(ProcessesDocument, { name });
  const shelf = useRead(() => readVersions(Infinity, name), `versions of ${name}`);
  const { params } = usePlace();
  const plain = read.data && latest(read.data).find((one) => one.mayStart && one.processName !== GENERIC_CASE);
  const versions = shelf.data?.versions.filter(mayBegin) ?? [];
  const asked = params.get("version");
  const chosen = asked ? versions.find((one) => one.processVersion === asked) : plain ? undefined : versions[0];
  useTitle(plain || chosen ? undefined : "Start a process");
  const known = read.data && (plain && !asked ? true : shelf.data);
  const problem = read.problem ?? (read.data ? shelf.problem : undefined);
  if (!known) return <div class="page"><h1 class="hidden">Start</h1>{problem ? <Trouble problem={problem} again={() => { void read.again(); void shelf.again(); }} /> : <Loading label="Loading the process" />}</div>;
  const choice = <VersionChoice plain={plain} versions={versions} chosen={chosen} />;
  if (chosen) return <ByVersion key={chosen.processVersion} one={chosen} choice={choice} />;
  if (plain && !asked) return <StartForm what={deployed(plain)} choice={choice} />;
  return <div class="page"><h1 class="hidden">Start</h1><Empty icon="search" title={asked ? `There is no version ${asked} that you may start` : "There is no such process"}><Link href={asked && versions.length ? `/start/${encodeURIComponent(name)}` : "/start"}>{asked && versions.length ? "Another version" : "All processes"}</Link></Empty></div>;
}

/** Which version: what a plain start runs, or one by its number, which is then what the workflow keeps. */
function VersionChoice({ plain, versions, chosen }: { plain: Definition | undefined; versions: readonly Published[]; chosen: Published | undefined }) {
  if (!versions.length) return null;
  const current = versions.find((one) => one.isCurrent);
  return (
    <p class="about">
      <label>Version{" "}
        <select value={chosen?.processVersion ?? ""} onChange={(event) => setParams({ version: event.currentTarget.value })}>
          {plain && <option value="">As deployed{current ? `: ${current.processVersion}` : ""}</option>}
          {versions.map((one) => <option key={one.processVersion} value={one.processVersion}>{one.processVersion}{one.isLatest ? " · newest" : ""}</option>)}
        </select>
      </label>
      {(chosen ?? current) && <Link href={addressOf((chosen ?? current)!.processName, (chosen ?? current)!.processVersion)}>Read its definition</Link>}
    </p>
  );
}

function ByVersion({ one, choice }: { one: Published; choice: ComponentChildren }) {
  const { processName: name, processVersion: version } = one;
  const read = useQuery(PublishedContentsDocument, { name, version });
  const contents = read.data?.publishedContents;
  if (!contents) return <div class="page"><h1 class="hidden">Start</h1>{read.problem ? <Trouble problem={read.problem} again={() => void read.again()} /> : <Loading label="Loading the version" />}</div>;
  const model = contents.files.find((file) => file.name.endsWith(".bpmn"))?.text;
  const what = {
    name, version, title: model ? modelOf(model, name).title : humanize(name), description: one.description ?? "",
    form: model ? modelOf(model, name).startForm : null, inputSchema: contents.inputSchema,
  };
  return <StartForm what={what} choice={choice} />;
}

function StartForm({ what, choice }: { what: Startable; choice: ComponentChildren }) {
  const me = useMe();
  const { name, version, title, description } = what;
  useTitle(`Start ${title}`);
  const schema = useMemo(() => what.form ?? formOf(what.inputSchema), [what.form, what.inputSchema]);
  const draftId = `start:${name}`;
  const [given, give] = useState(() => ({ nth: 0, values: readDraft(me.subject, draftId)?.data ?? {} }));
  const [raw, setRaw] = useState(false);
  const [businessKey, setBusinessKey] = useState("");
  const [said, say] = useState<Refused | null>(null);
  const { busy, waiting, once, stop } = useSending();
  const form = useRef<FormHandle>(null);
  const fill = (values: Values) => give((before) => ({ nth: before.nth + 1, values }));

  const start = () => once(async (send) => {
    const values = form.current?.read();
    if (!values) return;
    const asked = { process: name, version, businessKey: businessKey.trim() || null, variables: filledIn(values) };
    const { key } = keepDraft(me.subject, `sent:${draftId}`, asked); // the same also after the page was loaded again
    say(null);
    try {
      const { answer } = (await send(StartDocument, { ...asked, key })).data;
      if (isRefused(answer)) return say(answer);
      dropDraft(me.subject, draftId);
      dropDraft(me.subject, `sent:${draftId}`);
      notify(`${title} is started.`);
      go(`/workflows/${answer.workflow.workflowId}`);
    } catch (error) {
      if (error instanceof Stopped) return;
      const { message, suggestion, code } = error as Problem;
      if (code !== "UNAUTHENTICATED") say({ message, suggestion });
    }
  });
  useKeys([{ keys: "Ctrl+Enter", does: "Start", act: () => void start() }]);
  const examples = examplesOf(what);
  return (
    <div class="page narrow">
      <p class="crumbs"><Link href="/start">Start</Link></p>
      <header class="page-head"><div><h1>{title}{version && <> <span class="sub">{version}</span></>}</h1>{description && <p class="soft">{description}</p>}{choice}</div></header>
      <Waiting waiting={waiting} stop={stop} />
      {said && <p class="said" role="alert"><Icon name="alert" size={16} /><span><strong>{said.message}</strong> {said.suggestion}</span></p>}
      {examples.length > 0 && (
        <div class="examples" role="group" aria-label="Examples"><span class="soft">Fill in:</span>
          {examples.map((one) => <button key={one.title} type="button" class="chip" onClick={() => fill(one.values)}>{one.title}</button>)}
        </div>
      )}
      <form class="sheet" noValidate onSubmit={(event) => { event.preventDefault(); void start(); }}>
        <div class="field">
          <label for="business-key">Business key</label>
          <input id="business-key" type="text" maxLength={200} autocomplete="off" placeholder="What you call this case; may stay empty" value={businessKey} onInput={(event) => setBusinessKey(event.currentTarget.value)} />
        </div>
        <CamundaForm schema={raw ? null : schema} data={given.values} draft={given.values} name={`${raw}${given.nth}`} key={`${raw}${given.nth}`} readOnly={Boolean(waiting)} handle={form}
          changed={(data) => void keepDraft(me.subject, draftId, data)} />
        <footer>
          <button type="button" class="primary" disabled={busy} onClick={() => void start()}>{busy ? "Starting …" : "Start"}<Kbd keys="Ctrl ↵" /></button>
          {schema && <button type="button" class="link" onClick={() => { give((before) => ({ nth: before.nth + 1, values: readDraft(me.subject, draftId)?.data ?? before.values })); setRaw(!raw); }}>{raw ? "Fill in the form" : "Write JSON instead"}</button>}
        </footer>
      </form>
    </div>
  );
}

// One published version: what it does in a diagram and in words, who published it, and what it asks people.

import { useRef, useState } from "preact/hooks";
import { Data } from "../data";
import { CaseDiagram } from "../case-diagram";
import { Diagram } from "../diagram";
import { readJson } from "../exact";
import { CamundaForm, type FormHandle } from "../form";
import { Icon } from "../icons";
import { useKeys } from "../keys";
import { modelOf } from "../model";
import { PublishedContentsDocument, type PublishedContentsQuery } from "../operations";
import { Badge, Empty, Loading, Tabs, Trouble, When } from "../parts";
import { addressOf, readVersions, short, standingOf, startOf, type Published } from "../published";
import { useQuery, useRead } from "../query";
import { graphOfCase, stepsOfCase, stepsOfModel, titleOf, type CaseStep, type ReadableStep } from "../readable";
import { go, Link } from "../router";
import { useTitle } from "../title";
import { humanize, moment } from "../words";
import { decisionsOf, Decisions } from "./decisions";
import { ChangedInGit, StoreAway } from "./definitions";

type Contents = NonNullable<PublishedContentsQuery["publishedContents"]>;

const TOPICS = ["workflow"] as const;
const COUNT_MS = 5_000;

export function DefinitionPage({ name, version }: { name: string; version?: string }) {
  const read = useRead(() => readVersions(Infinity, name), `versions of ${name}`, { topics: TOPICS, restMs: COUNT_MS });
  useKeys([{ keys: "Escape", does: "Back to the definitions", act: () => go("/definitions") }]);
  useTitle(`${humanize(name)}${version ? ` ${version}` : ""}`);
  const shown = read.data?.versions.find((one) => !version || one.processVersion === version);
  return (
    <div class="page">
      <p class="crumbs"><Link href="/definitions">Definitions</Link></p>
      {read.data?.store?.trouble && <StoreAway store={read.data.store} />}
      {shown ? <Shown one={shown} versions={read.data!.versions} /> : (
        <>
          <h1 class="hidden">{humanize(name)}</h1>
          {read.data ? <Empty icon="search" title="There is no such version">It was never published, or is not for you to see. <Link href="/definitions">All definitions</Link></Empty>
            : read.problem ? <Trouble problem={read.problem} again={() => void read.again()} /> : <Loading lines={9} label="Loading the definition" />}
        </>
      )}
      {read.data && <ChangedInGit store={read.data.store} />}
    </div>
  );
}

function Shown({ one, versions }: { one: Published; versions: readonly Published[] }) {
  const { processName: name, processVersion: version } = one;
  return (
    <>
      <header class="page-head">
        <div>
          <h1>{humanize(name)} <span class="sub">{version}</span></h1>
          <p class="about">
            {versions.length > 1 && (
              <label><span class="hidden">Version</span>
                <select value={version} onChange={(event) => go(addressOf(name, event.currentTarget.value))}>
                  {versions.map((other) => <option key={other.processVersion} value={other.processVersion}>{other.processVersion}{other.isLatest ? " · newest" : ""}</option>)}
                </select>
              </label>
            )}
            {standingOf(one).map((words) => <Badge key={words[0]} words={words} />)}
            {one.publishedBy && <span class="soft"><bdi>{one.publishedBy}</bdi> published it{one.publishedAt && <> <When iso={one.publishedAt} /></>}</span>}
            {one.running !== null && <span class="soft">{one.running} at work</span>}
            {one.sha256 && <code class="soft" title={`SHA-256 ${one.sha256}`}>{short(one.sha256)}</code>}
          </p>
        </div>
        <div class="acts">
          <Link class="button" href={`/workflows?process=${encodeURIComponent(name)}`}><Icon name="flow" size={16} />Workflows</Link>
          {one.mayStart && !one.refusal && <Link class="button primary" href={startOf(name, version)}><Icon name="play" size={14} />Start this version</Link>}
        </div>
      </header>
      {one.description && <p class="lead">{one.description}</p>}
      {one.refusal ? <p class="said" role="alert"><Icon name="alert" size={16} /><span><strong>It is not believed, and nothing starts by it.</strong> {one.refusal}</span></p>
        : <Whole key={`${name} ${version}`} one={one} />}
    </>
  );
}

function Whole({ one }: { one: Published }) {
  const [tab, choose] = useState("steps");
  const { processName: name, processVersion: version } = one;
  const read = useQuery(PublishedContentsDocument, { name, version });
  const contents = read.data?.publishedContents;
  if (!contents) return read.problem ? <Trouble problem={read.problem} again={() => void read.again()} /> : <Loading lines={9} label="Loading the definition" />;
  const model = contents.files.find((file) => file.name.endsWith(".bpmn"))?.text;
  const steps = contents.case ? stepsOfCase(contents.case) : model ? stepsOfModel(model, name, contents.manifest) : [];
  const forms = formsOf(contents);
  const decisions = decisionsOf(contents.files);
  const graph = contents.case ? graphOfCase(contents.case) : { steps: [], transitions: [] };
  const tabs = [
    { id: "steps", label: "Steps", count: steps.length, show: () => <Steps steps={steps} /> },
    ...(forms.length ? [{ id: "forms", label: "Forms", count: forms.length, show: () => <Forms forms={forms} /> }] : []),
    ...(decisions.length ? [{ id: "decisions", label: "Decisions", count: decisions.length, show: () => <Decisions decisions={decisions} /> }] : []),
    { id: "input", label: "Begins with", show: () => <Inputs schema={contents.inputSchema} /> },
    { id: "all", label: "In full", show: () => <InFull one={one} contents={contents} /> },
  ];
  return (
    <>
      {contents.case && <CaseDiagram graph={graph} label={`Steps of ${humanize(name)} ${version}`} />}
      {model && <Diagram bpmn={model} label={`Diagram of ${modelOf(model, name).title} ${version}`} />}
      <Tabs label="More about this version" tabs={tabs} chosen={tab} choose={choose} />
    </>
  );
}

function Steps({ steps }: { steps: readonly ReadableStep[] }) {
  const names = new Map(steps.map((step) => [step.id, step.name]));
  return (
    <ol class="readable">
      {steps.map(({ id, name, icon, does, facts, leads }) => (
        <li key={id} id={`step-${id}`}>
          <span class="node quiet"><Icon name={icon} size={15} /></span>
          <div>
            <strong>{name}</strong> <span class="soft">{does}</span>
            {facts.map((fact) => <p key={fact} class="soft">{fact}</p>)}
            {leads.length > 0 && <ul>{leads.map(({ words, to }, nth) => <li key={nth}><span class="soft">{words ? `${words} → ` : "→ "}</span>{names.get(to) ?? humanize(to)}</li>)}</ul>}
          </div>
        </li>
      ))}
    </ol>
  );
}

interface NamedForm { name: string; schema: object; actions: readonly string[] }

function formsOf({ files, case: one }: Contents): NamedForm[] {
  const ofCase = ((one?.steps ?? []) as CaseStep[]).filter((step) => step.kind === "human").map((step) => ({
    name: titleOf(step), actions: (step.actions ?? []).map((action) => action.label || humanize(action.id)),
    schema: { type: "default", id: step.id, schemaVersion: 18, ...step.form, components: [
      ...(step.prompt ? [{ type: "text", id: `${step.id}_prompt`, text: step.prompt }] : []), ...(step.fields ?? []), ...((step.form as { components?: object[] })?.components ?? []),
    ] },
  }));
  return [...ofCase, ...files.filter((file) => file.name.endsWith(".form")).map((file) => ({ name: humanize(file.name.replace(/\.form$/, "")), schema: readJson(file.text) as object, actions: [] }))];
}

function Forms({ forms }: { forms: readonly NamedForm[] }) {
  const [open, set] = useState(forms[0]!.name);
  const shown = forms.find((form) => form.name === open) ?? forms[0]!;
  const handle = useRef<FormHandle>(null);
  return (
    <div class="sheet">
      {forms.length > 1 && (
        <div class="chips" role="group" aria-label="Which form">
          {forms.map((form) => <button key={form.name} type="button" aria-pressed={form === shown} onClick={() => set(form.name)}>{form.name}</button>)}
        </div>
      )}
      <CamundaForm key={shown.name} schema={shown.schema} data={{}} draft={null} name={shown.name} readOnly handle={handle} changed={() => undefined} />
      {shown.actions.length > 0 && <p class="soft">Decided by: {shown.actions.join(", ")}.</p>}
    </div>
  );
}

interface Schema { type?: string; title?: string; description?: string; enum?: unknown[]; properties?: Record<string, Schema>; required?: string[] }

function Inputs({ schema }: { schema: Schema | null }) {
  const fields = Object.entries(schema?.properties ?? {});
  if (!fields.length) return <p class="hint">It says nothing of what it begins with.</p>;
  return (
    <table class="table facts">
      <thead><tr><th scope="col">What</th><th scope="col">Kind</th><th scope="col">Must be given</th></tr></thead>
      <tbody>{fields.map(([key, one]) => (
        <tr key={key}>
          <td><strong>{one.title ?? humanize(key)}</strong> <code class="soft">{key}</code>{one.description && <p class="soft">{one.description}</p>}</td>
          <td class="soft">{one.enum ? one.enum.map(String).join(", ") : one.type ?? "anything"}</td>
          <td class="soft" data-label="to be given">{schema?.required?.includes(key) ? "Yes" : "No"}</td>
        </tr>
      ))}</tbody>
    </table>
  );
}

function InFull({ one, contents }: { one: Published; contents: Contents }) {
  return (
    <div class="two">
      <section><h2>What it says of itself</h2><Data value={contents.case ?? contents.manifest} /></section>
      <section><h2>Published as</h2>
        <Data value={{
          version: one.processVersion, SHA_256: contents.sha256, published_by: one.publishedBy, published: one.publishedAt && moment(one.publishedAt),
          deployed_as: one.engineVersion?.replace("engine:", "version "), definition: one.definitionKey,
          calls: contents.requires.map((other) => `${other.processName} ${other.processVersion}`).join(", ") || null,
        }} />
      </section>
      <section><h2>Files</h2>
        {contents.files.length ? <ul>{contents.files.map((file) => <li key={file.name}>{file.name} <code class="soft" title={file.sha256}>{short(file.sha256)}</code></li>)}</ul> : <p class="hint">None: the definition is all there is.</p>}
      </section>
    </div>
  );
}

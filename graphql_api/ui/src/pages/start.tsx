// Start a process: choose it, fill in what it begins with, follow the workflow.

import { useMemo, useRef, useState } from "preact/hooks";
import { isRefused, type Problem, type Refused } from "../api";
import { keepDraft, dropDraft, readDraft } from "../drafts";
import { examplesOf, type Values } from "../examples";
import { CamundaForm, type FormHandle } from "../form";
import { Icon } from "../icons";
import { useKeys } from "../keys";
import { modelOf } from "../model";
import { ProcessesDocument, StartDocument, type ProcessesQuery } from "../operations";
import { Empty, Kbd, Loading, notify, Trouble } from "../parts";
import { useQuery } from "../query";
import { go, Link } from "../router";
import { filledIn, formOf } from "../schema-form";
import { Stopped, useSending, Waiting } from "../sending";
import { useMe } from "../session";
import { useTitle } from "../title";
import { TryOut } from "./try";

export type Definition = ProcessesQuery["processDefinitions"]["edges"][number]["node"];

/** The newest version of each process. */
export function latest(data: ProcessesQuery): Definition[] {
  const found = new Map<string, Definition>();
  for (const { node } of data.processDefinitions.edges) if (!found.has(node.processName)) found.set(node.processName, node);
  return [...found.values()].sort((a, b) => a.processName.localeCompare(b.processName));
}

export function StartsPage() {
  useTitle("Start a process");
  const read = useQuery(ProcessesDocument, { name: null });
  const all = read.data && latest(read.data).filter((one) => one.mayStart);
  return (
    <div class="page">
      <header class="page-head"><h1>Start a process</h1></header>
      {!all && (read.problem ? <Trouble problem={read.problem} again={() => void read.again()} /> : <Loading lines={4} label="Loading processes" />)}
      {all && !all.length && <Empty icon="shapes" title="There is nothing that you may start">Processes are deployed by <code>fleet deploy</code>; a manifest's <code>access</code> names who may start one.</Empty>}
      <ul class="cards">
        {all?.map((one) => {
          const model = modelOf(one.bpmn, one.processName);
          return (
            <li key={one.definitionKey}>
              <Link class="card" href={`/start/${one.processName}`}>
                <strong>{model.title}</strong><span class="soft clamp">{model.description || "No description."}</span>
                <span class="go"><Icon name="play" size={14} />Start</span>
              </Link>
            </li>
          );
        })}
      </ul>
      {all && <TryOut definitions={all} />}
    </div>
  );
}

export function StartPage({ name }: { name: string }) {
  const read = useQuery(ProcessesDocument, { name });
  const definition = read.data && latest(read.data).find((one) => one.mayStart);
  useTitle(definition ? undefined : "Start a process");
  if (!read.data) return <div class="page"><h1 class="hidden">Start</h1>{read.problem ? <Trouble problem={read.problem} again={() => void read.again()} /> : <Loading label="Loading the process" />}</div>;
  if (!definition) return <div class="page"><h1 class="hidden">Start</h1><Empty icon="search" title="There is no such process"><Link href="/start">All processes</Link></Empty></div>;
  return <StartForm definition={definition} />;
}

function StartForm({ definition }: { definition: Definition }) {
  const me = useMe();
  const model = modelOf(definition.bpmn, definition.processName);
  useTitle(`Start ${model.title}`);
  const schema = useMemo(() => model.startForm ?? formOf(definition.inputSchema), [definition]);
  const draftId = `start:${definition.processName}`;
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
    const asked = { process: definition.processName, businessKey: businessKey.trim() || null, variables: filledIn(values) };
    const { key } = keepDraft(me.subject, `sent:${draftId}`, asked); // the same also after the page was loaded again
    say(null);
    try {
      const { answer } = (await send(StartDocument, { ...asked, key })).data;
      if (isRefused(answer)) return say(answer);
      dropDraft(me.subject, draftId);
      dropDraft(me.subject, `sent:${draftId}`);
      notify(`${model.title} is started.`);
      go(`/workflows/${answer.workflow.workflowId}`);
    } catch (error) {
      if (error instanceof Stopped) return;
      const { message, suggestion, code } = error as Problem;
      if (code !== "UNAUTHENTICATED") say({ message, suggestion });
    }
  });
  useKeys([{ keys: "Ctrl+Enter", does: "Start", act: () => void start() }]);
  const examples = examplesOf(definition);
  return (
    <div class="page narrow">
      <p class="crumbs"><Link href="/start">Start</Link></p>
      <header class="page-head"><div><h1>{model.title}</h1>{model.description && <p class="soft">{model.description}</p>}</div></header>
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

// Why a workflow is stuck, for those who operate it: what was said and how often it was tried; and a variable to correct.

import { useEffect, useRef, useState } from "preact/hooks";
import { isRefused, type Problem, type Refused } from "../api";
import { readJson } from "../exact";
import { IncidentsDocument, RetryDocument, SetVariablesDocument, VariablesDocument, type IncidentsQuery } from "../operations";
import { Dialog, notify, Trouble, When } from "../parts";
import { useQuery } from "../query";
import { Link } from "../router";
import { Stopped, useSending, Waiting } from "../sending";
import { Attempts } from "./attempts";
import type { Workflow } from "./workflow";

type Incident = NonNullable<IncidentsQuery["workflow"]>["incidents"][number];
type NameOf = (id: string) => string;

const REST_MS = 1_000;

export function Why({ workflow, nameOf }: { workflow: Workflow; nameOf: NameOf }) {
  const id = workflow.workflowId;
  const read = useQuery(IncidentsDocument, { id }, { topics: ["workflow"], about: () => [id, ...workflow.children.map((one) => one.workflowId)], restMs: REST_MS });
  const [setting, set] = useState<Incident | null>(null);
  const incidents = read.data?.workflow?.incidents ?? [];
  if (read.problem && !read.data) return <Trouble problem={read.problem} again={() => void read.again()} />;
  if (!incidents.length) return null;
  return (
    <section class="why" aria-label="Why it is stuck">
      <h2>Why it is stuck</h2>
      {incidents.map((one) => (
        <article key={`${one.workflowId}${one.key}${one.stepId}`}>
          <p class="about">
            <strong>{one.elementId ? nameOf(one.elementId) : "The workflow"}</strong>
            {one.errorType && <span class="mono">{one.errorType}</span>}
            {one.jobType && <span class="soft">job type {one.jobType}</span>}
            {one.createdAt && <span class="soft">since <When iso={one.createdAt} /></span>}
            {one.workflowId !== id && <Link href={`/workflows/${one.workflowId}`}>in a workflow it called</Link>}
          </p>
          <p class="wrong text">{one.message || "Nothing was said."}</p>
          {one.unasked && <p class="hint">By the records of its steps. {one.unasked}</p>}
          {one.attempts.length > 0 && <details><summary>{one.attempts.length === 1 ? "One attempt" : `${one.attempts.length} attempts`}</summary><Attempts step={one} /></details>}
          {workflow.givenUpAt || <p><button type="button" onClick={() => set(one)}>Correct a variable</button></p>}
        </article>
      ))}
      {setting && <VariableDialog incident={setting} nameOf={nameOf} close={() => set(null)} />}
    </section>
  );
}

function VariableDialog({ incident, nameOf, close }: { incident: Incident; nameOf: NameOf; close: () => void }) {
  const id = incident.workflowId;
  const known = useQuery(VariablesDocument, { id }).data?.workflow;
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const [here, setHere] = useState(false);
  const [said, say] = useState<Refused | null>(null);
  const { busy, waiting, once, stop } = useSending();
  const touched = useRef(false);
  const key = useRef<{ of: string; key: string }>();
  const held = known?.engineView?.variables ?? [];
  const scope = here ? incident.elementInstanceKey : known?.processInstanceKey;
  const now = held.find((one) => one.name === name && one.scopeKey === scope);
  useEffect(() => { if (now && !now.isCut && !touched.current) setValue(now.value); }, [now]);

  const set = (andRetry: boolean) => once(async (send) => {
    const variables = variablesOf(name, value);
    if (!variables) return say({ message: "The value is no JSON.", suggestion: 'Write "a text", 100, true, null, or an object.' });
    const of = JSON.stringify([name, value, here]);
    if (key.current?.of !== of) key.current = { of, key: crypto.randomUUID() };
    say(null);
    try {
      const { answer } = (await send(SetVariablesDocument, { id, variables, scope: here ? incident.elementInstanceKey : null, local: here, key: key.current.key })).data;
      if (isRefused(answer)) return say(answer);
      if (!andRetry) notify(`${name} is set. Retry when all is right.`);
      else {
        const { data: { answer }, again } = await send(RetryDocument, { id });
        if (isRefused(answer) && !again) return say({ message: `${name} is set, but it was not retried: ${answer.message}`, suggestion: answer.suggestion });
        notify(`${name} is set, and it runs again.`);
      }
      close();
    } catch (error) {
      const { message, suggestion } = error as Problem;
      if (!(error instanceof Stopped)) say({ message, suggestion });
    }
  });
  return (
    <Dialog title="Correct a variable" close={close}>
      <form class="fields" onSubmit={(event) => { event.preventDefault(); void set(true); }}>
        <Waiting waiting={waiting} stop={stop} />
        {said && <p class="wrong" role="alert"><strong>{said.message}</strong> {said.suggestion}</p>}
        <div class="field">
          <label for="variable-name">Name</label>
          <input id="variable-name" type="text" required autocomplete="off" list="variable-names" value={name} onInput={(event) => setName(event.currentTarget.value.trim())} />
          <datalist id="variable-names">{[...new Set(held.map((one) => one.name))].map((one) => <option key={one} value={one} />)}</datalist>
        </div>
        <div class="field">
          <label for="variable-value">Value, as JSON</label>
          <textarea id="variable-value" required rows={4} spellcheck={false} value={value} onInput={(event) => { touched.current = true; setValue(event.currentTarget.value); }} />
          {now?.isCut && <p class="hint">Its value is too long to be shown; what you write takes its place.</p>}
        </div>
        {incident.elementInstanceKey && incident.elementId && (
          <label class="choice"><input type="checkbox" checked={here} onChange={(event) => setHere(event.currentTarget.checked)} /> For {nameOf(incident.elementId)} alone</label>
        )}
        <div class="dialog-acts">
          <button type="button" disabled={busy} onClick={() => void set(false)}>Set</button>
          <button type="submit" class="primary" disabled={busy || !name}>Set and retry</button>
        </div>
      </form>
    </Dialog>
  );
}

function variablesOf(name: string, value: string): Record<string, unknown> | null {
  try {
    return { [name]: readJson(value) };
  } catch {
    return null;
  }
}

// A Camunda Form on a page. A form that cannot be shown is filled in as JSON.

import { useEffect, useImperativeHandle, useRef, useState } from "preact/hooks";
import type { Ref } from "preact";
import { readJson, writeJson } from "./exact";
import type { Filled, FilledForm } from "./form-viewer";
import { Loading } from "./parts";
import { part } from "./patience";

type Values = Record<string, unknown>;

export interface FormHandle {
  /** What is filled in; `null` after saying what is wrong with it. */
  read: () => Values | null;
  blame: (fields: readonly { field: string; message: string }[]) => string[];
  focus: () => void;
}

interface Props {
  schema: object | null;
  /** What the form begins with; read once for each `name`. */
  data: Values;
  draft: Values | null;
  name: string;
  readOnly: boolean;
  changed: (data: Values) => void;
  handle: Ref<FormHandle>;
}

export function CamundaForm(props: Props) {
  const [broken, set] = useState(false);
  useEffect(() => set(false), [props.name]);
  return props.schema && !broken ? <Rendered {...props} broken={() => set(true)} /> : <AsJson {...props} wasBroken={broken} />;
}

function Rendered({ schema, data, draft, name, readOnly, changed, handle, broken }: Props & { broken: () => void }) {
  const box = useRef<HTMLDivElement>(null);
  const form = useRef<FilledForm | null>(null);
  const [ready, set] = useState(false);
  const latest = useRef(changed);
  latest.current = changed;
  useEffect(() => {
    let gone = false;
    const leave = new AbortController();
    set(false);
    const open = async () => {
      const { FilledForm } = await part(() => import("./form-viewer"), leave.signal);
      if (gone || !box.current) return;
      form.current = await FilledForm.open(box.current, schema!, { ...data, ...draft }, readOnly, (typed) => latest.current(typed));
      if (gone) form.current.close();
      else set(true);
    };
    open().catch((error) => { if (gone) return; console.info("The form cannot be shown.", error); broken(); });
    return () => { gone = true; leave.abort(); form.current?.close(); form.current = null; };
  }, [name]);
  useEffect(() => { if (ready) form.current?.lock(readOnly); }, [ready, readOnly]);
  useImperativeHandle(handle, () => ({
    read: () => {
      const filled: Filled | undefined = form.current?.submit();
      if (filled?.valid) return filled.data;
      requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(".fjs-has-errors :is(input, textarea, select)")?.focus());
      return null;
    },
    blame: (fields) => form.current?.blame(fields) ?? fields.map(({ field, message }) => `${field}: ${message}`),
    focus: () => focusFirst(box.current),
  }), [ready]);
  return <><div ref={box} class="camunda-form" data-ready={ready} />{!ready && <Loading lines={4} label="Loading the form" />}</>;
}

function focusFirst(box: HTMLElement | null, tries = 20) {
  const first = box?.querySelector<HTMLElement>(":is(input, textarea, select):not([disabled]):not([readonly])");
  if (first) first.focus();
  else if (tries) requestAnimationFrame(() => focusFirst(box, tries - 1));
}

function AsJson({ draft, name, readOnly, changed, handle, wasBroken }: Props & { wasBroken: boolean }) {
  const text = useRef<HTMLTextAreaElement>(null);
  const [wrong, set] = useState("");
  const parse = (): Values | null => {
    try {
      const read = readJson(text.current?.value || "{}");
      if (read && typeof read === "object" && !Array.isArray(read)) return read;
    } catch { /* said below */ }
    return null;
  };
  useImperativeHandle(handle, () => ({
    read: () => {
      const read = parse();
      set(read ? "" : 'This is not a JSON object. Write for example {"decision": "approve"}.');
      if (!read) text.current?.focus();
      return read;
    },
    blame: (fields) => fields.map(({ field, message }) => `${field}: ${message}`),
    focus: () => text.current?.focus(),
  }));
  return (
    <div class="field" key={name}>
      {wasBroken && <p class="hint">Its form cannot be shown, so it is filled in as JSON.</p>}
      <label for="raw">Result, as JSON</label>
      <textarea id="raw" ref={text} rows={6} class="code" spellcheck={false} readOnly={readOnly} defaultValue={writeJson(draft ?? {}, 2)}
        aria-invalid={Boolean(wrong)} aria-describedby={wrong ? "raw-wrong" : undefined} onInput={() => { const read = parse(); if (read) changed(read); }} />
      {wrong && <p id="raw-wrong" class="wrong" role="alert">{wrong}</p>}
    </div>
  );
}

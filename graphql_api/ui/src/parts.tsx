// Small parts that every page uses.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Problem } from "./api";
import { Icon, type IconName } from "./icons";
import { listed } from "./keys";
import { ago, moment, type Tone } from "./words";

export function Badge({ words: [text, tone] }: { words: readonly [string, Tone] }) {
  return <span class={`badge ${tone}`}>{text}</span>;
}

const clocks = new Set<() => void>(); // one timer for all: a list may show thousands
setInterval(() => clocks.forEach((told) => told()), 30_000);

/** A moment as distance from now; the exact one is its title. Kept up to date. */
export function When({ iso, prefix = "" }: { iso: string; prefix?: string }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const told = () => tick((n) => n + 1);
    clocks.add(told);
    return () => void clocks.delete(told);
  }, []);
  return <time dateTime={iso} title={moment(iso)}>{prefix}{ago(iso)}</time>;
}

export function Due({ iso, over }: { iso: string | null; over: boolean }) {
  if (!iso) return null;
  const overdue = !over && Date.parse(iso) < Date.now();
  return <span class={overdue ? "due overdue" : "due"}><Icon name="clock" size={14} /><When iso={iso} prefix={overdue ? "overdue since " : "due "} /></span>;
}

/** When it is to be looked at; of no interest once it is over. */
export function FollowUp({ iso, over }: { iso: string | null; over: boolean }) {
  if (!iso || over) return null;
  return <span class="due"><Icon name="clock" size={14} /><When iso={iso} prefix="follow up " /></span>;
}

/** How urgent it is, where that was said: 50 is what the engine takes for nothing said. */
export function Priority({ value }: { value: number }) {
  return value === 50 ? null : <span class="due">priority {value}</span>;
}

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <span class="empty-icon"><Icon name={icon} size={26} /></span>
      <p class="empty-title">{title}</p>
      <div class="empty-text">{children}</div>
    </div>
  );
}

export function Trouble({ problem, again }: { problem: Problem; again?: () => void }) {
  return (
    <div class="trouble" role="alert">
      <Icon name="alert" />
      <div><p><strong>{problem.message}</strong></p>{problem.suggestion && <p>{problem.suggestion}</p>}</div>
      {again && <button type="button" onClick={again}>Try again</button>}
    </div>
  );
}

export function Loading({ lines = 5, label = "Loading" }: { lines?: number; label?: string }) {
  return (
    <div class="loading" role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, nth) => <div class="bone" key={nth} />)}
    </div>
  );
}

export function Kbd({ keys }: { keys: string }) {
  return <kbd aria-hidden="true">{keys}</kbd>;
}

interface Tab { id: string; label: string; count?: number; show: () => ComponentChildren }

/** Tabs as the ARIA practices have them: arrows move, one panel is shown. */
export function Tabs({ label, tabs, chosen, choose }: { label: string; tabs: Tab[]; chosen: string; choose: (id: string) => void }) {
  const current = tabs.find((tab) => tab.id === chosen) ?? tabs[0]!;
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = tabs[(tabs.indexOf(current) + step + tabs.length) % tabs.length]!;
    choose(next.id);
    document.getElementById(`tab-${next.id}`)?.focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
        {tabs.map((tab) => (
          <button key={tab.id} id={`tab-${tab.id}`} type="button" role="tab" aria-selected={tab === current}
            aria-controls={`panel-${current.id}`} tabIndex={tab === current ? 0 : -1} onClick={() => choose(tab.id)}>
            {tab.label}{tab.count ? <span class="count">{tab.count}</span> : null}
          </button>
        ))}
      </div>
      <div class="panel" role="tabpanel" id={`panel-${current.id}`} aria-labelledby={`tab-${current.id}`} tabIndex={0}>{current.show()}</div>
    </>
  );
}

interface DialogProps { title: string; close: () => void; children: ComponentChildren; closable?: boolean }

export function Dialog({ title, close, children, closable = true }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    box.current?.showModal();
    return () => { if (before instanceof HTMLElement) before.focus(); };
  }, []);
  const cancel = (event: Event) => { event.preventDefault(); if (closable) close(); };
  return (
    <dialog ref={box} aria-labelledby="dialog-title" onCancel={cancel}>
      <header><h2 id="dialog-title">{title}</h2>
        {closable && <button type="button" class="plain" aria-label="Close" onClick={close}><Icon name="close" /></button>}
      </header>
      {children}
    </dialog>
  );
}

export function KeyHelp({ close }: { close: () => void }) {
  const [shortcuts] = useState(() => [...new Map(listed().map((one) => [one.keys, one])).values()]);
  return (
    <Dialog title="Keyboard" close={close}>
      <dl class="keys">
        {shortcuts.map(({ keys, does }) => (
          <div key={keys}><dt>{does}</dt><dd>{keys.split(", ").map((one) => <kbd key={one}>{one.replace("Ctrl+", "Ctrl ").replace("Enter", "↵")}</kbd>)}</dd></div>
        ))}
      </dl>
    </Dialog>
  );
}

// ── notices: what was done, told once ──

export interface Notice { id: number; text: string; bad: boolean }
let notices: Notice[] = [];
let count = 0;
const watchers = new Set<(all: Notice[]) => void>();
const show = (all: Notice[]) => { notices = all; watchers.forEach((watch) => watch(all)); };

export function notify(text: string, { bad = false } = {}) {
  const id = ++count;
  show([...notices.slice(-2), { id, text, bad }]);
  setTimeout(() => show(notices.filter((one) => one.id !== id)), bad ? 9_000 : 4_500);
}

export function Notices() {
  const [all, set] = useState(notices);
  useEffect(() => {
    watchers.add(set);
    return () => void watchers.delete(set);
  }, []);
  return (
    <div class="notices" role="status" aria-live="polite">
      {all.map((one) => (
        <p key={one.id} class={one.bad ? "notice bad" : "notice"}>
          <Icon name={one.bad ? "alert" : "check"} />{one.text}
          <button type="button" class="plain" aria-label="Dismiss" onClick={() => show(notices.filter((other) => other !== one))}><Icon name="close" size={14} /></button>
        </p>
      ))}
    </div>
  );
}

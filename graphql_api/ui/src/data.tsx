// Shows any JSON: deep parts and long texts are folded, so that a large value costs nothing until it is opened.

import { useState } from "preact/hooks";
import { digitsOf } from "./exact";
import { figures, humanize } from "./words";

const LONG = 400;
const MANY = 50;
const FEW = 8; // of so many fields nothing is folded

export function Data({ value, empty = "Nothing." }: { value: unknown; empty?: string }) {
  if (value == null || (typeof value === "object" && !Object.keys(value).length)) return <p class="hint">{empty}</p>;
  if (typeof value !== "object") return <Value value={value} />;
  return <Entries value={value} />;
}

function Entries({ value }: { value: object }) {
  const [shown, set] = useState(MANY);
  const entries = Object.entries(value);
  const names = Array.isArray(value) ? (key: string) => `${Number(key) + 1}` : humanize;
  return (
    <dl class="data">
      {entries.slice(0, shown).map(([key, one]) => (
        <div key={key}><dt title={key} dir="auto">{names(key)}</dt><dd><Value value={one} /></dd></div>
      ))}
      {entries.length > shown && <button type="button" class="link" onClick={() => set(shown * 4)}>{entries.length - shown} more</button>}
    </dl>
  );
}

function Value({ value }: { value: unknown }) {
  const [open, set] = useState(false);
  if (value === null || value === undefined || value === "") return <span class="hint">–</span>;
  if (typeof value === "boolean") return <>{value ? "Yes" : "No"}</>;
  if (typeof value === "number" || digitsOf(value) !== null) return <span class="number">{figures(value as number | string)}</span>;
  if (typeof value === "string") {
    if (value.length <= LONG) return <span class="text" dir="auto">{value}</span>;
    const size = value.length < 10_000 ? `${value.length} characters` : `${Math.round(value.length / 1_000)} thousand characters`;
    return (
      <span class="text" dir="auto">{open ? value : `${value.slice(0, LONG)}…`}{" "}
        <button type="button" class="link" aria-expanded={open} onClick={() => set(!open)}>{open ? "Less" : `Show all ${size}`}</button>
      </span>
    );
  }
  const size = Object.keys(value as object).length;
  if (size === 0) return <span class="hint">empty</span>;
  if (size <= FEW) return <div class="nested"><Entries value={value as object} /></div>;
  return (
    <details class="nested" onToggle={(event) => set(event.currentTarget.open)}>
      <summary>{size} {Array.isArray(value) ? (size === 1 ? "entry" : "entries") : (size === 1 ? "field" : "fields")}</summary>
      {open && <Entries value={value as object} />}
    </details>
  );
}

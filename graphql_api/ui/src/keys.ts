// Shortcuts: each page says what its keys do, and `?` lists them.

import { useEffect, useRef } from "preact/hooks";

export interface Shortcut { keys: string; does: string; act: (event: KeyboardEvent) => void }

const active = new Set<{ current: readonly Shortcut[] }>();
let prefix = "";
let prefixTimer: ReturnType<typeof setTimeout>;

/** Binds shortcuts while a component is shown; later ones win. Keys: "j", "g i", "Ctrl+Enter", "Escape". */
export function useKeys(shortcuts: readonly Shortcut[]) {
  const held = useRef(shortcuts);
  held.current = shortcuts;
  useEffect(() => {
    active.add(held);
    return () => void active.delete(held);
  }, []);
}

/** All that can be pressed now, the general ones first. */
export const listed = (): Shortcut[] => [...active].flatMap((one) => one.current);

const EDITABLE = "input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable], [role=combobox]";

function pressed(event: KeyboardEvent) {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const target = event.target instanceof Element ? event.target : null;
  const command = event.ctrlKey || event.metaKey;
  const name = command ? `Ctrl+${event.key}` : event.key;
  if (target?.closest(EDITABLE) && !command && event.key !== "Escape") return;
  if (event.altKey || (event.key === "Enter" && !command && target?.closest("a, button, summary, input"))) return;
  const wanted = [prefix && `${prefix} ${name}`, name];
  const found = listed().reverse().find((one) => one.keys.split(", ").some((keys) => wanted.includes(keys)));
  clearTimeout(prefixTimer);
  prefix = !found && name === "g" ? "g" : "";
  prefixTimer = setTimeout(() => (prefix = ""), 1_000);
  if (!found) return;
  event.preventDefault();
  found.act(event);
}

addEventListener("keydown", pressed);

// Where one is, as the address says it: a path and its parameters.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

export interface Place { path: string; params: URLSearchParams }

const here = (): Place => ({ path: decodeURI(location.pathname), params: new URLSearchParams(location.search) });
const watchers = new Set<() => void>();
const moved = () => watchers.forEach((watch) => watch());
addEventListener("popstate", moved);

export function go(to: string, { replace = false } = {}) {
  if (to === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", to);
  moved();
}

export function usePlace(): Place {
  const [place, set] = useState(here);
  useEffect(() => {
    const watch = () => set(here());
    watchers.add(watch);
    return () => void watchers.delete(watch);
  }, []);
  return place;
}

/** Changes parameters of the address; what is empty is left out. */
export function setParams(changes: Record<string, string>) {
  const params = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) value ? params.set(name, value) : params.delete(name);
  go(withParams(location.pathname, params), { replace: true });
}

export function withParams(path: string, params: URLSearchParams): string {
  const text = params.toString();
  return text ? `${path}?${text}` : path;
}

type LinkProps = JSX.AnchorHTMLAttributes<HTMLAnchorElement> & { href: string; children?: ComponentChildren };

export function Link({ href, ...rest }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(href);
  };
  return <a href={href} onClick={follow} {...rest} />;
}

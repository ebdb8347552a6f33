// The examples that a process offers: values to begin with, and what goes wrong meanwhile.

import type { Definition } from "./pages/start";

export type Values = Record<string, unknown>;

export interface Example { title: string; description: string; values: Values; outage: { service: string; seconds: number } | null }

/** What the manifest's schema offers under `x-examples`. */
export function examplesOf(definition: Pick<Definition, "inputSchema">): Example[] {
  const given: { title?: unknown; description?: unknown; variables?: Values; outage?: Example["outage"] }[] = definition.inputSchema?.["x-examples"] ?? [];
  return given.map(({ title, description, variables, outage }, nth) => ({
    title: String(title ?? `Example ${nth + 1}`), description: String(description ?? ""), values: variables ?? {}, outage: outage ?? null,
  }));
}

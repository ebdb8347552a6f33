// What is published, in the words of those who read it.

import { ask } from "./api";
import { PublishedVersionsDocument, type PublishedFragment, type PublishedVersionsQuery } from "./operations";
import { humanize, type Tone } from "./words";

export type Published = PublishedFragment;
export type Store = PublishedVersionsQuery["definitionStore"];

/** The process that runs cases; nobody starts it by its own name here. */
export const GENERIC_CASE = "generic_case";

const PAGE = 100; // as many as the server gives at once

export interface Shelf { versions: Published[]; more: boolean; store: Store }

/** Reads so many versions, in as many pages as it takes. */
export async function readVersions(wanted: number, name: string | null): Promise<Shelf> {
  const versions: Published[] = [];
  for (let after: string | null = null; ;) {
    const { publishedVersions: { edges, pageInfo }, definitionStore: store }: PublishedVersionsQuery = await ask(PublishedVersionsDocument, { first: PAGE, after, name });
    versions.push(...edges.map(({ node }) => node));
    if (!pageInfo.hasNextPage || versions.length >= wanted) return { versions, more: pageInfo.hasNextPage, store };
    after = pageInfo.endCursor;
  }
}

export const addressOf = (name: string, version: string) => `/definitions/${encodeURIComponent(name)}/${version}`;
export const startOf = (name: string, version: string) => `/start/${encodeURIComponent(name)}?version=${version}`;
export const short = (sha256: string) => sha256.slice(0, 12);

/** How a version stands: what is newest, what a start without a version runs, what is not believed. */
export function standingOf({ refusal, isLatest, isCurrent, definitionKey, kind }: Published): (readonly [string, Tone])[] {
  if (refusal) return [["Not believed", "bad"]];
  const said: (readonly [string, Tone])[] = [];
  if (isLatest) said.push(["Newest", "good"]);
  if (isCurrent) said.push(["Deployed", "busy"]);
  else if (definitionKey) said.push(["In the engine", "quiet"]);
  if (kind === "CASE") said.push(["Case", "quiet"]);
  return said;
}

/** What a workflow is a run of, in people's words: of a case, the case, not the process that runs it. */
export const definitionOf = ({ artifactName, processName }: { artifactName: string | null; processName: string }) => humanize(artifactName ?? processName);

// How the attempts of a step went, one a line.

import { clock, errorWords, took } from "../words";
import type { Workflow } from "./workflow";

export function Attempts({ step }: { step: Pick<Workflow["steps"][number], "attempts"> }) {
  return (
    <ol class="attempts">
      {step.attempts.map((one) => (
        <li key={one.fence}>
          <span class="number">{clock(one.startedAt)}</span> <span>{one.outcome ? one.outcome.toLowerCase().replaceAll("_", " ") : "under way"}, {took(one.startedAt, one.endedAt)}</span>
          <span class="soft">on {one.worker}</span>
          {one.error && <span class="wrong">{errorWords(one.error)}</span>}
        </li>
      ))}
    </ol>
  );
}

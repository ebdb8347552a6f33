// Cases to watch, offered where the outside world is a sandbox that may be broken.

import { isRefused, type Problem } from "../api";
import { examplesOf, type Example } from "../examples";
import { Icon } from "../icons";
import { modelOf } from "../model";
import { CauseOutageDocument, OutagesDocument, StartDocument } from "../operations";
import { notify } from "../parts";
import { useQuery } from "../query";
import { go } from "../router";
import { Stopped, useSending, Waiting } from "../sending";
import type { Definition } from "./start";

export function TryOut({ definitions }: { definitions: readonly Definition[] }) {
  const outages = useQuery(OutagesDocument, {});
  const { busy, waiting, once, stop } = useSending();
  const cases = definitions.flatMap((definition) => examplesOf(definition).filter((one) => one.description).map((example) => ({ definition, example })));
  if (!outages.data?.outages || !cases.length) return null;
  const begin = (definition: Definition, example: Example) => once(async (send) => {
    try {
      if (example.outage) {
        const { answer } = (await send(CauseOutageDocument, example.outage)).data;
        if (isRefused(answer)) throw answer;
      }
      const businessKey = `TRY-${new Date().toTimeString().slice(0, 8).replaceAll(":", "")}`;
      const { answer } = (await send(StartDocument, { process: definition.processName, businessKey, variables: example.values, key: crypto.randomUUID() })).data;
      if (isRefused(answer)) throw answer;
      go(`/workflows/${answer.workflow.workflowId}`);
    } catch (error) {
      if (!(error instanceof Stopped)) notify([(error as Problem).message, (error as Problem).suggestion].join(" "), { bad: true });
    }
  });
  return (
    <section class="try" aria-labelledby="try-title">
      <h2 id="try-title">Watch a case</h2>
      <p class="soft">The outside world of this machine is a sandbox. Each of these starts a workflow at once and shows how it goes.</p>
      <Waiting waiting={waiting} stop={stop} />
      <ul>
        {cases.map(({ definition, example }) => (
          <li key={definition.processName + example.title}>
            <span><strong>{example.title}</strong><small>{modelOf(definition.bpmn, definition.processName).title}. {example.description}</small></span>
            <button type="button" disabled={busy} aria-label={`Start: ${example.title}`} onClick={() => void begin(definition, example)}><Icon name="play" size={14} />Start</button>
          </li>
        ))}
      </ul>
    </section>
  );
}

// What is deployed, and how many workflows stand where.

import { Diagram } from "../diagram";
import { Icon } from "../icons";
import { modelOf } from "../model";
import { ProcessesDocument } from "../operations";
import { Empty, Loading, Trouble, When } from "../parts";
import { useQuery } from "../query";
import { Link, setParams, usePlace } from "../router";
import { useTitle } from "../title";
import { humanize, moment } from "../words";
import { latest, type Definition } from "./start";

const TOPICS = ["workflow", "activity"] as const;
const COUNT_MS = 2_000; // counting is dear, and nobody follows single workflows here
const total = (one: Definition, of: "active" | "incidents") => one.load.reduce((sum, load) => sum + load[of], 0);
const version = (one: Definition) => one.processVersion.replace("engine:", "version ");

export function ProcessesPage() {
  useTitle("Processes");
  const read = useQuery(ProcessesDocument, { name: null }, { topics: TOPICS, restMs: COUNT_MS });
  const all = read.data && latest(read.data);
  return (
    <div class="page">
      <header class="page-head"><h1>Processes</h1></header>
      {!all && (read.problem ? <Trouble problem={read.problem} again={() => void read.again()} /> : <Loading lines={5} label="Loading processes" />)}
      {all && !all.length && <Empty icon="shapes" title="Nothing is deployed that you may see">Processes are deployed by <code>fleet deploy</code>; a manifest's <code>access</code> names who may see them.</Empty>}
      <ul class="cards">
        {all?.map((one) => {
          const model = modelOf(one.bpmn, one.processName);
          const [active, stuck] = [total(one, "active"), total(one, "incidents")];
          return (
            <li key={one.definitionKey}>
              <Link class="card" href={`/processes/${one.processName}`}>
                <strong>{model.title}</strong><span class="soft clamp">{model.description || "No description."}</span>
                <span class="facts">
                  <span class={active ? "badge busy" : "badge quiet"}>{active} at work</span>{stuck > 0 && <span class="badge bad">{stuck} stuck</span>}
                  <span class="soft">{version(one)}</span>
                </span>
              </Link>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

export function ProcessPage({ name }: { name: string }) {
  const read = useQuery(ProcessesDocument, { name }, { topics: TOPICS, restMs: COUNT_MS });
  const { params } = usePlace();
  const newest = read.data?.processDefinitions.edges[0]?.node;
  useTitle(newest ? modelOf(newest.bpmn, name).title : humanize(name));
  if (!read.data) return <div class="page"><h1 class="hidden">Process</h1>{read.problem ? <Trouble problem={read.problem} again={() => void read.again()} /> : <Loading label="Loading the process" />}</div>;
  const versions = read.data.processDefinitions.edges.map(({ node }) => node);
  const shown = versions.find((one) => one.processVersion === params.get("version")) ?? versions[0];
  if (!shown) return <div class="page"><h1 class="hidden">Process</h1><Empty icon="search" title="There is no such process"><Link href="/processes">All processes</Link></Empty></div>;
  const model = modelOf(shown.bpmn, name);
  return (
    <div class="page">
      <p class="crumbs"><Link href="/processes">Processes</Link></p>
      <header class="page-head">
        <div>
          <h1>{model.title}</h1>
          <p class="about">
            <label><span class="hidden">Version</span>
              <select value={shown.processVersion} onChange={(event) => setParams({ version: event.currentTarget.value })}>
                {versions.map((one) => <option key={one.definitionKey} value={one.processVersion}>{version(one)}</option>)}
              </select>
            </label>
            <span class="soft" title={moment(shown.deployedAt)}>deployed <When iso={shown.deployedAt} /></span>
          </p>
        </div>
        <div class="acts">
          <Link class="button" href={`/workflows?process=${encodeURIComponent(name)}`}><Icon name="flow" size={16} />Workflows</Link>
          <Link class="button primary" href={`/start/${name}`}><Icon name="play" size={14} />Start</Link>
        </div>
      </header>
      {model.description && <p class="soft lead">{model.description}</p>}
      <Diagram bpmn={shown.bpmn} label={`Diagram of ${model.title} with the number of workflows at each element`} loads={shown.load} />
      {shown.load.length > 0 ? (
        <table class="table">
          <caption>Where its workflows stand</caption>
          <thead><tr><th scope="col">Element</th><th scope="col">At work or waiting</th><th scope="col">Stuck</th></tr></thead>
          <tbody>{shown.load.map((one) => <tr key={one.elementId}><td>{model.nameOf(one.elementId)}</td><td class="number" data-label="at work or waiting">{one.active}</td><td class="number" data-label="stuck">{one.incidents || "–"}</td></tr>)}</tbody>
        </table>
      ) : <p class="hint">No workflow of this version is under way.</p>}
    </div>
  );
}

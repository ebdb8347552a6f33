// The decisions of a version as tables that anybody can read: what is asked, what follows, and which row counts.

import { humanize } from "../words";

interface Column { words: string; asked: string }
interface Row { asks: string[]; says: string[]; note: string }

export interface ReadableDecision { id: string; name: string; counts: string; asks: Column[]; says: Column[]; rows: Row[]; text: string }

const COUNTS: Record<string, string> = {
  UNIQUE: "At most one row fits.", FIRST: "The first row that fits counts.", ANY: "All rows that fit say the same.",
  "RULE ORDER": "All rows that fit count, in this order.", COLLECT: "All rows that fit count.",
};
const TOGETHER: Record<string, string> = { SUM: "The sum of all rows that fit.", MIN: "The least of all rows that fit.", MAX: "The greatest of all rows that fit.", COUNT: "How many rows fit." };
const own = (of: Element, name: string) => [...of.children].filter((one) => one.localName === name);
const textOf = (of: Element | undefined) => (of ? own(of, "text")[0]?.textContent?.trim() : "") ?? "";

/** The decisions of a version's files, in their order. */
export function decisionsOf(files: readonly { name: string; text: string }[]): ReadableDecision[] {
  return files.filter(({ name }) => name.endsWith(".dmn")).flatMap(({ text }) => {
    const root = new DOMParser().parseFromString(text, "application/xml").documentElement;
    return own(root, "decision").map(readable);
  });
}

function readable(decision: Element): ReadableDecision {
  const table = own(decision, "decisionTable")[0];
  const head = { id: decision.id, name: decision.getAttribute("name") || humanize(decision.id) };
  if (!table) return { ...head, counts: "It is computed.", asks: [], says: [], rows: [], text: computed(decision) };
  return {
    ...head, text: "",
    counts: TOGETHER[table.getAttribute("aggregation") ?? ""] ?? COUNTS[table.getAttribute("hitPolicy") || "UNIQUE"] ?? "",
    asks: own(table, "input").map((one) => column(one, textOf(own(one, "inputExpression")[0]))),
    says: own(table, "output").map((one) => column(one, one.getAttribute("name") ?? "")),
    rows: own(table, "rule").map((rule) => ({
      asks: own(rule, "inputEntry").map((one) => textOf(one) || "-"), says: own(rule, "outputEntry").map(textOf), note: own(rule, "annotationEntry").map(textOf).filter(Boolean).join(" · "),
    })),
  };
}

const column = (of: Element, asked: string): Column => ({ words: of.getAttribute("label") || humanize(asked), asked });

const computed = (decision: Element) => [...decision.getElementsByTagNameNS("*", "text")].map((one) => one.textContent?.trim()).filter(Boolean).join("\n");

export function Decisions({ decisions }: { decisions: readonly ReadableDecision[] }) {
  return <div class="decisions">{decisions.map((one) => <DecisionTable key={one.id} one={one} />)}</div>;
}

function DecisionTable({ one }: { one: ReadableDecision }) {
  const notes = one.rows.some(({ note }) => note);
  return (
    <section aria-label={one.name}>
      <h2>{one.name}<span class="soft">{one.counts}</span></h2>
      {one.text ? <pre class="text">{one.text}</pre> : (
        <div class="wide" role="region" aria-label={`Rows of ${one.name}`} tabIndex={0}>
          <table class="table facts">
            <thead><tr>
              {one.asks.map(({ words, asked }, nth) => <th scope="col" key={nth} title={asked}>{words}</th>)}
              {one.says.map(({ words, asked }, nth) => <th scope="col" key={nth} title={asked} class="says">{words}</th>)}
              {notes && <th scope="col">Note</th>}
            </tr></thead>
            <tbody>{one.rows.map(({ asks, says, note }, nth) => (
              <tr key={nth}>
                {asks.map((cell, at) => <td key={at} data-column={one.asks[at]?.words} class={cell === "-" ? "soft" : undefined}>{cell === "-" ? "any" : cell}</td>)}
                {says.map((cell, at) => <td key={at} data-column={one.says[at]?.words} class="says">{cell}</td>)}
                {notes && <td data-column="Note" class="soft">{note}</td>}
              </tr>
            ))}</tbody>
          </table>
        </div>
      )}
    </section>
  );
}

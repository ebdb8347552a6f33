// The inbox: who am I, what is there to do, do it. Everything comes from GraphQL.

import { ask, listen, Problem, whenAway } from "./graphql.js";
import { element, formFields, readForm, showFieldErrors } from "./forms.js";

const $ = (id) => document.getElementById(id);
const ERROR = "__typename ... on UserError { message suggestion }";
const ROW = "activityId name state assignee version dueAt followUpAt priority createdAt workflow { processName businessKey }";
const FULL = `${ROW} form input result candidateGroups workflowId endedAt events { kind subject at }`;
const SHOWN = {
  open: { state: ["OPEN", "CLAIMED", "COMPLETING"] },
  mine: { state: ["CLAIMED", "COMPLETING"], mine: true },
  done: { state: ["COMPLETED", "CANCELLED", "TOO_LATE"] },
  all: {},
};
const WORDS = {
  OPEN: "open", CLAIMED: "claimed", COMPLETING: "completing …", COMPLETED: "completed", CANCELLED: "cancelled",
  TOO_LATE: "too late", REQUESTED: "requested …", STARTING: "starting …", RUNNING: "running", COMPENSATED: "compensated",
  ENDED_UNKNOWN: "ended",
};
const TONE = {
  COMPLETED: "good", COMPLETING: "busy", REQUESTED: "busy", STARTING: "busy", RUNNING: "busy", TOO_LATE: "bad", CANCELLED: "bad",
};

let me = null;
let pages = 1;
let open = null; // the activity in the detail
let live = null; // aborts the subscriptions

// ── notices ──

function notice(text, { bad = false } = {}) {
  $("notice").textContent = text;
  $("notice").hidden = !text;
  $("notice").classList.toggle("bad", bad);
}

function report(error) {
  if (error.code === "UNAUTHENTICATED") return signedOut();
  if (!(error instanceof Problem)) console.error(error);
  notice([error.message, error.suggestion].filter(Boolean).join(" "), { bad: true });
}

whenAway((problem) => (problem ? report(problem) : notice("")));

const guarded = (work) => async (...given) => {
  try { return await work(...given); } catch (error) { report(error); }
};

// ── signing in ──

async function signedOut() {
  live?.abort();
  me = open = null;
  $("work").hidden = $("who").hidden = true;
  $("sign-in").hidden = false;
  const { personas, provider } = await (await fetch("/login")).json();
  $("anybody").hidden = Boolean(provider);
  const way = (name) => element("button", { type: "button", onclick: guarded(() => signIn(name)) }, name);
  const next = encodeURIComponent(location.pathname + location.search);
  const ways = provider ? [element("a", { href: `${provider.url}?next=${next}` }, `Sign in with ${provider.name}`)] : personas.map(way);
  $("personas").replaceChildren(...ways.map((one) => element("li", {}, one)));
}

async function signIn(persona) {
  const response = await fetch("/login", {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ persona }),
  });
  if (!response.ok) throw new Problem("Signing in did not work.", "Try again.");
  notice("");
  await begin();
  $("main").focus();
}

async function begin() {
  ({ me } = await ask("{ me { subject groups roles } }"));
  $("who-name").textContent = [me.subject, ...me.groups, ...me.roles].join(" · ");
  $("sign-in").hidden = true;
  $("work").hidden = $("who").hidden = false;
  $("detail").hidden = true;
  await Promise.all([loadActivities(), loadWorkflows()]);
  follow();
}

// ── live changes ──

function follow() {
  live?.abort();
  live = new AbortController();
  const soon = { activities: later(loadActivities), workflows: later(loadWorkflows) };
  let away = false;
  const connected = () => {
    if (away) notice("");
    away = false;
    soon.activities();
    soon.workflows();
  };
  const lost = (error) => { away = true; report(error); };
  const hooks = (told) => ({ told, connected, lost, signal: live.signal });
  listen("subscription { activityChanged { activityId version } }", {}, hooks(({ data, errors }) => {
    if (errors) return;
    soon.activities();
    const { activityId, version } = data.activityChanged;
    if (open?.activityId === activityId && open.version !== version) showActivity(activityId);
  }));
  listen("subscription { workflowChanged { workflowId } }", {}, hooks(() => soon.workflows()));
}

function later(work) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(guarded(work), 150);
  };
}

// ── the list ──

const LIST = `query ($first: Int!, $after: String, $filter: ActivityFilterInput) {
  activities(first: $first, after: $after, filter: $filter) { edges { node { ${ROW} } } pageInfo { hasNextPage endCursor } } }`;

async function loadActivities() {
  const { show, search } = Object.fromEntries(new FormData($("filter")));
  const filter = { ...SHOWN[show], search: search || null };
  const found = [];
  let info = { endCursor: null, hasNextPage: true };
  for (let page = 0; page < pages && info.hasNextPage; page++) {
    const { activities } = await ask(LIST, { first: 20, after: info.endCursor, filter });
    found.push(...activities.edges.map((edge) => edge.node));
    info = activities.pageInfo;
  }
  const rows = found.map((one) => element("li", {}, element("button", {
    type: "button", class: "row", "data-id": one.activityId, "aria-current": String(one.activityId === open?.activityId),
    onclick: guarded(() => showActivity(one.activityId, { focus: true })),
  }, state(one.state), " ", one.name, element("small", {}, about(one)))));
  const empty = search ? "Nothing matches." : show === "open" ? "Nothing to do. New work appears here by itself." : "Nothing here.";
  swap($("activities"), rows.length ? rows : [element("li", { class: "empty" }, empty)]);
  $("more").hidden = !info.hasNextPage;
}

// Replaces a list without taking the keyboard's place in it away.
function swap(list, rows) {
  const held = list.contains(document.activeElement) ? document.activeElement.dataset.id : null;
  list.replaceChildren(...rows);
  if (held) list.querySelector(`[data-id="${held}"]`)?.focus();
}

function about(one) {
  const due = one.dueAt ? `due ${moment(one.dueAt)}` : null;
  const urgent = (one.priority ?? 50) === 50 ? null : `priority ${one.priority}`;
  return [one.workflow?.processName, one.workflow?.businessKey, one.assignee && `with ${one.assignee}`, due, urgent]
    .filter(Boolean).join(" · ");
}

const moment = (iso) => new Date(iso).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
const state = (word) => element("span", { class: `state ${TONE[word] ?? ""}` }, WORDS[word] ?? word);

// ── one activity ──

async function showActivity(activityId, { focus = false } = {}) {
  const { activity } = await ask(`query ($id: UUID!) { activity(activityId: $id) { ${FULL} } }`, { id: activityId });
  const kept = open?.activityId === activityId ? draft() : null;
  open = activity;
  for (const row of document.querySelectorAll("#activities .row"))
    row.setAttribute("aria-current", String(row.dataset.id === activityId));
  if (!activity) {
    $("detail").hidden = true;
    return;
  }
  $("detail").replaceChildren(...detail(activity));
  $("detail").hidden = false;
  if (kept) restore(kept);
  if (focus) $("detail").focus();
}

function detail(activity) {
  const waiting = ["OPEN", "CLAIMED"].includes(activity.state);
  const mine = activity.assignee === me.subject;
  const facts = [["State", state(activity.state)], ["Process", about({ workflow: activity.workflow })],
    ["With", activity.assignee ?? activity.candidateGroups.join(", ")], ["Since", moment(activity.createdAt)],
    ["Due", activity.dueAt && moment(activity.dueAt)], ["Follow up", activity.followUpAt && moment(activity.followUpAt)],
    ["Priority", activity.priority === 50 ? null : String(activity.priority)]].filter(([, value]) => value);
  const claim = element("button", { type: "button", onclick: guarded(() => change("claim", activity)) }, "Claim");
  const release = element("button", { type: "button", onclick: guarded(() => change("release", activity)) }, "Release");
  return [
    element("h2", { id: "detail-title" }, activity.name),
    element("dl", {}, ...facts.flatMap(([term, value]) => [element("dt", {}, term), element("dd", {}, value)])),
    waiting && (mine || !activity.assignee) ? completion(activity, mine ? release : claim) : outcome(activity),
    element("h3", {}, "History"),
    element("ul", { class: "plain" }, ...activity.events.map((one) =>
      element("li", {}, `${one.kind.toLowerCase()} by ${one.subject} `, element("small", {}, moment(one.at))))),
  ];
}

function outcome(activity) {
  const said = {
    CLAIMED: `${activity.assignee} is at it.`,
    COMPLETING: "Recorded. The engine is being told; this takes a moment, or until it answers again.",
    COMPLETED: "Done.",
    CANCELLED: "Cancelled with its process.",
    TOO_LATE: "Done, but the process had moved on.",
  }[activity.state];
  const result = activity.result && element("pre", {}, JSON.stringify(activity.result, null, 2));
  return element("div", {}, element("p", {}, said), result);
}

function completion(activity, other) {
  const fields = formFields(activity.form, activity.input);
  const raw = element("label", {}, "Result, as JSON", element("textarea", { name: "raw", rows: 6 }, "{}"));
  const form = element("form", { id: "completion", onsubmit: guarded((event) => complete(event, activity)) },
    ...(fields.length ? fields : [raw]),
    element("div", { class: "actions" }, element("button", { class: "primary" }, "Complete"), other));
  form.dataset.key = crypto.randomUUID();
  return form;
}

async function complete(event, activity) {
  event.preventDefault();
  const html = event.target;
  const raw = html.elements.raw?.value;
  let result;
  try {
    result = raw === undefined ? readForm(activity.form, activity.input, html) : JSON.parse(raw || "{}");
  } catch {
    throw new Problem("The result is not JSON.", 'Write for example {"decision": "approve"}.');
  }
  await busy(html, async () => {
    const { completeActivity: answer } = await ask(
      `mutation ($id: UUID!, $version: Int!, $result: JSON, $key: String) {
        completeActivity(activityId: $id, version: $version, result: $result, idempotencyKey: $key) {
          ${ERROR} ... on InvalidForm { fields { field message } } } }`,
      { id: activity.activityId, version: activity.version, result, key: html.dataset.key });
    if (answer.__typename === "InvalidForm") return showFieldErrors(html, answer.fields);
    await settled(answer, activity, "Completed.");
  });
}

async function change(verb, activity) {
  const name = `${verb}Activity`;
  const data = await ask(`mutation ($id: UUID!) { answer: ${name}(activityId: $id) { ${ERROR} } }`, { id: activity.activityId });
  await settled(data.answer, activity, verb === "claim" ? "It is yours." : "Released.");
}

async function settled(answer, activity, done) {
  await Promise.all([showActivity(activity.activityId, { focus: true }), loadActivities()]);
  if (answer.message) notice(`${answer.message} ${answer.suggestion}`, { bad: true });
  else notice(done);
}

async function busy(form, work) {
  const buttons = [...form.querySelectorAll("button")];
  for (const one of buttons) one.disabled = true;
  try { await work(); } finally { for (const one of buttons) one.disabled = false; }
}

// What was typed survives a change of the activity by somebody else.
function draft() {
  const form = $("completion");
  return form && [...form.elements].map((one) => [one.name, one.value, one.checked]);
}

function restore(kept) {
  [...($("completion")?.elements ?? [])].forEach((one, i) => {
    if (!kept[i] || kept[i][0] !== one.name || one.type === "submit" || one.type === "button") return;
    if (["checkbox", "radio"].includes(one.type)) one.checked = kept[i][2];
    else one.value = kept[i][1];
  });
}

// ── workflows ──

const WORKFLOWS = `{ workflows(first: 10) { edges { node {
  workflowId processName businessKey state incident createdAt startedBy steps { elementId state } } } } }`;

async function loadWorkflows() {
  const { workflows } = await ask(WORKFLOWS);
  const rows = workflows.edges.map(({ node }) => {
    const done = node.steps.map((step) => `${step.elementId} ${step.state.toLowerCase()}`).join(", ");
    const may = me.roles.length > 0 || node.startedBy === me.subject;
    const retry = node.incident && may && element("button", {
      type: "button", "data-id": node.workflowId, onclick: guarded(() => retryWorkflow(node.workflowId)),
    }, "Retry");
    return element("li", { class: "row" }, state(node.state), ` ${node.processName} ${node.businessKey ?? ""}`,
      element("small", {}, `${moment(node.createdAt)}${done && ` · ${done}`}`),
      node.incident && element("p", { class: "wrong" }, node.incident), retry || null);
  });
  swap($("workflows"), rows.length ? rows : [element("li", { class: "empty" }, "Nothing was started yet.")]);
}

async function retryWorkflow(id) {
  const { retryWorkflow: answer } = await ask(`mutation ($id: UUID!) { retryWorkflow(workflowId: $id) { ${ERROR} } }`, { id });
  notice(answer.message ? `${answer.message} ${answer.suggestion}` : "It runs again.", { bad: Boolean(answer.message) });
  await loadWorkflows();
}

async function startOnboarding(event) {
  event.preventDefault();
  const form = event.target;
  form.dataset.key ??= crypto.randomUUID();
  const given = Object.fromEntries(new FormData(form));
  const variables = {
    applicant: { name: given.name, email: given.email, country: given.country },
    requested_credit: Number(given.credit),
    requested_discount_percent: Number(given.discount || 0),
  };
  await busy(form, async () => {
    const { startWorkflow: answer } = await ask(
      `mutation ($variables: JSON, $business: String, $key: String) {
        startWorkflow(processName: "customer_onboarding", variables: $variables, businessKey: $business, idempotencyKey: $key) {
          ${ERROR} } }`,
      { variables, business: given.business_key || null, key: form.dataset.key });
    delete form.dataset.key;
    if (answer.message) throw new Problem(answer.message, answer.suggestion);
    form.reset();
    form.closest("details").open = false;
    notice("Started. Its activities appear in the inbox of whoever may do them.");
    await loadWorkflows();
  });
}

// ── wiring ──

$("filter").addEventListener("submit", (event) => event.preventDefault());
$("filter").addEventListener("input", later(() => { pages = 1; return loadActivities(); }));
$("more").addEventListener("click", guarded(() => { pages += 1; return loadActivities(); }));
$("start-form").addEventListener("submit", guarded(startOnboarding));
$("start-form").addEventListener("input", (event) => { delete event.currentTarget.dataset.key; });
$("sign-out").addEventListener("click", guarded(async () => {
  const response = await fetch("/logout", { method: "POST" });
  if (!response.ok) throw new Problem("Signing out did not work.", "You may still be signed in: try again in a moment.");
  const { next } = await response.json();
  if (next) location.assign(next);
  else await signedOut();
}));
guarded(begin)();

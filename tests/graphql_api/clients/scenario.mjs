// What an application does with its client: start, page through, complete, follow, and go on after the API was away.
// Says each step in a line on standard output; goes on at each line of standard input.

import { createInterface } from "node:readline";

const START = /* GraphQL */ `mutation Start($key: String!) {
  startWorkflow(processName: "hello_world", idempotencyKey: $key) { __typename ... on WorkflowStarted { workflow { workflowId } } }
}`;
const PAGE = /* GraphQL */ `query Page($after: String) {
  activities(first: 2, after: $after) { edges { node { activityId } } pageInfo { hasNextPage endCursor } }
}`;
const COMPLETE = /* GraphQL */ `mutation Complete($id: UUID!, $key: String!) {
  completeActivity(activityId: $id, version: 1, idempotencyKey: $key) { __typename }
}`;
const ONE = /* GraphQL */ `query One($id: UUID!) { activity(activityId: $id) { activityId state } }`;
const FOLLOW = /* GraphQL */ `subscription Follow($id: UUID!) { activityChanged(activityId: $id) { activityId state } }`;
const WRONG = /* GraphQL */ `query Wrong { nonsense }`;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (...words) => console.log(words.join(" "));

const [name, url, token, completed, followed] = process.argv.slice(2);
const { connect } = await import(`./${name}.mjs`);
const { ask, follow } = connect(url, token);

for (const _ of "12") say("start", (await ask(START, { key: "the same" })).startWorkflow.workflow.workflowId);
let after = null;
let count = 0;
do {
  const { edges, pageInfo } = (await ask(PAGE, { after })).activities;
  count += edges.length;
  after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
} while (after);
say("pages", count);
for (const _ of "12") say("complete", (await ask(COMPLETE, { id: completed, key: completed })).completeActivity.__typename);
await ask(WRONG, {}).then(() => say("wrong", "done"), (error) => say("wrong", JSON.stringify(error).includes("nonsense") || error.message));
if (follow) {
  follow(FOLLOW, { id: followed }, ({ activityChanged }) => say("told", activityChanged.state), (error) => say("lost", error));
} else {
  say("told", (await ask(ONE, { id: followed })).activity.state);
}
await lines.next();
say("told", (await ask(ONE, { id: followed })).activity.state);
await lines.next();
process.exit(0);

// What graphql-http asks of every server that speaks GraphQL over HTTP; prints what is not as it should be.

import { auditServer } from "graphql-http";

const [url, token] = process.argv.slice(2);
const known = (address, init = {}) =>
  fetch(address, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });
const results = await auditServer({ url, fetchFn: known });
for (const { status, name, reason } of results) if (status !== "ok") console.log(status, name, reason);
console.log("audited", results.length);

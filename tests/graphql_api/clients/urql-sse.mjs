// urql as it comes, with what it streams by fetch: it follows, and is not one to connect again by itself.
import { Client, fetchExchange } from "@urql/core";
import { connect as alone } from "./urql.mjs";

export function connect(url, token) {
  const client = new Client({
    url,
    fetchOptions: { headers: { authorization: `Bearer ${token}` } },
    fetchSubscriptions: true,
    exchanges: [fetchExchange],
  });
  const follow = (query, variables, told, lost) => client.subscription(query, variables).subscribe(
    ({ data, error }) => {
      if (data) told(data);
      if (error) { lost(error.message); setTimeout(() => follow(query, variables, told, lost), 500); }
    },
  );
  return { ask: alone(url, token).ask, follow };
}

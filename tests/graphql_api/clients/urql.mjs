import { Client, cacheExchange, fetchExchange, subscriptionExchange } from "@urql/core";
import { socket } from "./graphql-ws.mjs";

export function connect(url, token) {
  const stream = socket(url, token);
  const client = new Client({
    url,
    fetchOptions: { headers: { authorization: `Bearer ${token}` } },
    requestPolicy: "network-only",
    exchanges: [
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: (operation) => ({
          subscribe: (sink) => ({ unsubscribe: stream.subscribe({ ...operation, query: operation.query ?? "" }, sink) }),
        }),
      }),
    ],
  });
  return {
    ask: async (query, variables) => {
      const send = query.startsWith("mutation") ? client.mutation(query, variables) : client.query(query, variables);
      const { data, error } = await send.toPromise();
      if (error) throw error;
      return data;
    },
    follow: (query, variables, told, lost) => client.subscription(query, variables).subscribe(
      ({ data, error }) => (error ? lost(error) : told(data)),
    ),
  };
}

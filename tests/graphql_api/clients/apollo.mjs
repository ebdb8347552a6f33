import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client/core";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createHash } from "node:crypto";
import { OperationTypeNode } from "graphql";
import { socket } from "./graphql-ws.mjs";

export function connect(url, token) {
  const http = new HttpLink({ uri: url, headers: { authorization: `Bearer ${token}` } });
  const persisted = new PersistedQueryLink({ sha256: (text) => createHash("sha256").update(text).digest("hex") });
  return using(new ApolloClient({
    cache: new InMemoryCache({ typePolicies: { Activity: { keyFields: ["activityId"] } } }),
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(socket(url, token)),
      persisted.concat(http),
    ),
  }));
}

/** What the scenario does with an Apollo client, whatever its links. */
export function using(client) {
  return {
    ask: async (query, variables) => {
      const document = gql(query);
      const fetchPolicy = "network-only";
      const isMutation = document.definitions[0].operation === "mutation";
      const { data } = isMutation
        ? await client.mutate({ mutation: document, variables })
        : await client.query({ query: document, variables, fetchPolicy });
      return data;
    },
    follow: (query, variables, told, lost) => client.subscribe({ query: gql(query), variables }).subscribe({
      next: ({ data, error }) => (error ? lost(error) : told(data)),
      error: lost,
      complete: () => lost("complete"),
    }),
  };
}

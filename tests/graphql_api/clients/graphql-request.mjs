import { GraphQLClient } from "graphql-request";

export function connect(url, token) {
  const client = new GraphQLClient(url, { headers: { authorization: `Bearer ${token}` } });
  return { ask: (query, variables) => client.request(query, variables) };
}

// Apollo with the link that the documentation of graphql-sse gives for it: what streams goes by server-sent events.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, Observable } from "@apollo/client/core";
import { OperationTypeNode, print } from "graphql";
import { createClient } from "graphql-sse";
import { using } from "./apollo.mjs";

class SSELink extends ApolloLink {
  constructor(options) {
    super();
    this.client = createClient(options);
  }

  request(operation) {
    return new Observable((sink) => this.client.subscribe({ ...operation, query: print(operation.query) }, {
      next: sink.next.bind(sink), complete: sink.complete.bind(sink), error: sink.error.bind(sink),
    }));
  }
}

export function connect(url, token) {
  const headers = { authorization: `Bearer ${token}` };
  return using(new ApolloClient({
    cache: new InMemoryCache({ typePolicies: { Activity: { keyFields: ["activityId"] } } }),
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION, new SSELink({ url, headers }), new HttpLink({ uri: url, headers }),
    ),
  }));
}

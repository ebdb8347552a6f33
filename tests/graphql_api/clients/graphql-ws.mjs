import { createClient } from "graphql-ws";
import WebSocket from "ws";

export const socket = (url, token) => createClient({
  url: url.replace("http", "ws"),
  webSocketImpl: WebSocket,
  connectionParams: () => ({ authorization: `Bearer ${token}` }),
});

export const both = (client) => ({
  ask: (query, variables) => new Promise((done, failed) => {
    let found;
    client.subscribe({ query, variables }, {
      next: (result) => { found = result; },
      error: failed,
      complete: () => (found.errors ? failed(found.errors) : done(found.data)),
    });
  }),
  follow: (query, variables, told, lost) => client.subscribe({ query, variables }, {
    next: ({ data }) => told(data),
    error: lost,
    complete: () => lost("complete"),
  }),
});

export const connect = (url, token) => both(socket(url, token));

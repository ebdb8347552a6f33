import { createClient } from "graphql-sse";
import { both } from "./graphql-ws.mjs";

export const connect = (url, token) => both(createClient({ url, headers: { authorization: `Bearer ${token}` } }));

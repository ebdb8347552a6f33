// Speaks GraphQL to the API that served this page: requests by POST, subscriptions as server-sent events.

export class Problem extends Error {
  constructor(message, suggestion = "", code = "") {
    super(message);
    this.suggestion = suggestion;
    this.code = code;
  }
}

const FIRST_MS = 500;
const MOST_MS = 8_000;
const AWAY = [502, 503, 504];
let onAway = () => undefined;

// Names what is said while the server is away, and, with nothing, once it is back.
export function whenAway(say) {
  onAway = say;
}

async function post(query, variables, accept, signal) {
  try {
    return await fetch("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", accept },
      body: JSON.stringify({ query, variables }),
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The server does not answer.", "Check that it runs; this page tries again by itself.", "OFFLINE");
  }
}

function problemOf(errors) {
  const { message, extensions = {} } = errors[0];
  const id = extensions.errorId ? ` (error ${extensions.errorId})` : "";
  return new Problem(message + id, extensions.suggestion, extensions.code);
}

// Tries again until there is an answer: what is sent twice has the same key, and counts once.
async function patiently(send) {
  for (let pause = FIRST_MS; ; pause = Math.min(2 * pause, MOST_MS)) {
    try {
      const response = await send();
      if (!AWAY.includes(response.status)) {
        if (pause > FIRST_MS) onAway(null);
        return response;
      }
    } catch (error) {
      if (error.code !== "OFFLINE") throw error;
    }
    onAway(new Problem("The server does not answer.", "This page tries again by itself.", "OFFLINE"));
    await new Promise((go) => setTimeout(go, pause));
  }
}

export async function ask(query, variables = {}) {
  const response = await patiently(() => post(query, variables, "application/json"));
  const body = await response.json().catch(() => {
    throw new Problem(`The server answered ${response.status}.`, "Try again in a moment.");
  });
  if (body.errors) throw problemOf(body.errors);
  return body.data;
}

// Calls `told` for each event until `signal` aborts; `connected` after each (re)connect, since events may be missing.
export async function listen(query, variables, { told, connected, lost, signal }) {
  let pause = 500;
  while (!signal.aborted) {
    try {
      const response = await post(query, variables, "text/event-stream", signal);
      if (!response.ok || !response.body) throw new Problem(`The server answered ${response.status}.`);
      connected();
      pause = 500;
      for await (const data of events(response.body)) if (data) told(JSON.parse(data));
    } catch (error) {
      if (signal.aborted) return;
      lost(error);
    }
    await new Promise((go) => setTimeout(go, pause));
    pause = Math.min(pause * 2, 10_000);
  }
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split(/\r\n\r\n|\n\n/);
    rest = parts.pop();
    for (const part of parts) {
      const lines = part.split(/\r?\n/);
      if (lines.some((line) => line === "event: complete")) return;
      yield lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()).join("\n");
    }
  }
}

// The frame of every page: navigation, who one is, and whether the server is there.

import { useEffect, useRef, useState } from "preact/hooks";
import { ask, Problem, signOut, whenSignedOut } from "./api";
import { Icon, type IconName } from "./icons";
import { useKeys } from "./keys";
import { startLive, stopLive, useOnline } from "./live";
import { MeDocument } from "./operations";
import { passes, pauseMs, rest } from "./patience";
import { Empty, KeyHelp, Notices, notify, Trouble } from "./parts";
import { DefinitionPage } from "./pages/definition";
import { DefinitionsPage } from "./pages/definitions";
import { InboxPage } from "./pages/inbox";
import { ProcessPage, ProcessesPage } from "./pages/processes";
import { StartPage, StartsPage } from "./pages/start";
import { WorkflowPage } from "./pages/workflow";
import { WorkflowsPage } from "./pages/workflows";
import { go, Link, usePlace } from "./router";
import { MeContext, SignIn, SignInAgain, tellSessionChanged, whenSessionChanges, type Me } from "./session";
import { readTheme, setTheme, type Theme } from "./theme";
import { useTitle } from "./title";

const PLACES: readonly [string, string, IconName, string][] = [
  ["/inbox", "Inbox", "inbox", "g i"], ["/workflows", "Workflows", "flow", "g w"],
  ["/start", "Start", "play", "g s"], ["/processes", "Processes", "shapes", "g p"],
  ["/definitions", "Definitions", "book", "g d"],
];

type State = { at: "loading" } | { at: "away"; problem: Problem } | { at: "out" } | { at: "in"; me: Me; expired: boolean };

export function App() {
  const [state, set] = useState<State>({ at: "loading" });
  const turn = useRef(0);
  const begin = async (tries = 0) => {
    const mine = ++turn.current;
    try {
      const { me } = await ask(MeDocument, {});
      if (mine !== turn.current) return;
      set({ at: "in", me, expired: false });
      startLive();
    } catch (error) {
      if ((error as Problem).code === "UNAUTHENTICATED" || mine !== turn.current) return;
      // who is in stays on their page, which says itself that the server is away
      set((before) => (before.at === "in" ? before : { at: "away", problem: error as Problem }));
      if (!passes(error)) return;
      await rest(pauseMs(tries));
      if (mine === turn.current) void begin(tries + 1);
    }
  };
  useEffect(() => {
    whenSignedOut(() => {
      stopLive();
      set((before) => (before.at === "in" ? { ...before, expired: true } : { at: "out" }));
    });
    whenSessionChanges(() => void begin());
    void begin();
  }, []);
  const leave = async () => {
    try {
      const next = await signOut();
      stopLive();
      tellSessionChanged();
      if (next) location.assign(next);
      else set({ at: "out" });
    } catch (error) {
      const { message, suggestion } = error as Problem;
      notify(`${message} ${suggestion}`, { bad: true });
    }
  };
  if (state.at === "loading") return <main class="alone"><h1 class="hidden">Zeebe Fleet</h1><div class="opening" role="status" aria-label="Loading"><img src="/icon.svg" alt="" width="44" height="44" /></div></main>;
  if (state.at === "away") return <main class="alone"><h1 class="hidden">Zeebe Fleet</h1><Trouble problem={state.problem} again={() => void begin()} /></main>;
  if (state.at === "out") return <SignIn entered={() => void begin()} />;
  return (
    <MeContext.Provider value={state.me}>
      <Frame me={state.me} leave={leave} key={state.me.subject} />
      {state.expired && <SignInAgain me={state.me} entered={() => void begin()} />}
      <Notices />
    </MeContext.Provider>
  );
}

function Frame({ me, leave }: { me: Me; leave: () => Promise<void> }) {
  const { path } = usePlace();
  const [help, setHelp] = useState(false);
  const online = useOnline();
  useKeys([
    ...PLACES.map(([to, name, , keys]) => ({ keys, does: `Go to ${name}`, act: () => go(to) })),
    { keys: "?", does: "Show the keys", act: () => setHelp(true) },
  ]);
  return (
    <>
      <a class="skip" href="#main">Skip to the content</a>
      <div class="frame">
        <header class="side">
          <Link href="/inbox" class="brand"><img src="/icon.svg" alt="" width="26" height="26" /><span>Zeebe Fleet</span></Link>
          <nav aria-label="Pages">
            {PLACES.map(([to, label, icon]) => (
              <Link key={to} href={to} aria-current={inside(path, to) ? "page" : undefined}><Icon name={icon} /><span>{label}</span></Link>
            ))}
          </nav>
          <div class="who">
            <ThemeButton />
            <button type="button" class="plain" aria-label="Show the keys" title="Keyboard (?)" onClick={() => setHelp(true)}><Icon name="help" /></button>
            <div class="me">
              <span class="avatar" aria-hidden="true">{me.subject.charAt(0).toUpperCase()}</span>
              <span class="me-text"><strong dir="auto">{me.subject}</strong><small>{[...me.groups, ...me.roles].join(", ")}</small></span>
              <button type="button" class="plain" aria-label="Sign out" title="Sign out" onClick={() => void leave()}><Icon name="leave" /></button>
            </div>
          </div>
        </header>
        <main id="main" tabIndex={-1}>
          {!online && <p class="offline" role="status"><Icon name="alert" size={16} />The server does not answer. What you see may be old; it is renewed by itself.</p>}
          <Page path={path} />
        </main>
      </div>
      {help && <KeyHelp close={() => setHelp(false)} />}
    </>
  );
}

const inside = (path: string, to: string) => path.startsWith(to) || (to === "/inbox" && (path === "/" || path.startsWith("/activities")));

function Page({ path }: { path: string }) {
  const [, place, id, more] = path.split("/");
  if (!place || place === "inbox") return <InboxPage />;
  if (place === "activities" && id) return <InboxPage activityId={id} />;
  if (place === "workflows") return id ? <WorkflowPage id={id} key={id} /> : <WorkflowsPage />;
  if (place === "start") return id ? <StartPage name={id} key={id} /> : <StartsPage />;
  if (place === "processes") return id ? <ProcessPage name={id} key={id} /> : <ProcessesPage />;
  if (place === "definitions") return id ? <DefinitionPage name={id} version={more} key={id} /> : <DefinitionsPage />;
  return <NoPage />;
}

function NoPage() {
  useTitle("Not found");
  return <div class="page"><h1 class="hidden">Not found</h1><Empty icon="search" title="There is no such page"><Link href="/inbox">Go to the inbox</Link></Empty></div>;
}

const NEXT: Record<Theme, readonly [Theme, IconName, string]> = {
  auto: ["light", "auto", "as the system"], light: ["dark", "sun", "light"], dark: ["auto", "moon", "dark"],
};

function ThemeButton() {
  const [theme, set] = useState(readTheme);
  const [next, icon, words] = NEXT[theme];
  return (
    <button type="button" class="plain" aria-label={`Colours: ${words}. Change`} title={`Colours: ${words}`} onClick={() => { setTheme(next); set(next); }}>
      <Icon name={icon} />
    </button>
  );
}

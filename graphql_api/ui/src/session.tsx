// Who is signed in, and the page on which one becomes somebody.

import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { Problem, signIn, waysIn, type Person, type Ways } from "./api";
import { Icon } from "./icons";
import type { MeQuery } from "./operations";
import { Dialog, Loading, Trouble } from "./parts";
import { patiently, wake } from "./patience";
import { useTitle } from "./title";
import { humanize } from "./words";

export type Me = MeQuery["me"];

export const MeContext = createContext<Me | null>(null);

export function useMe(): Me {
  return useContext(MeContext)!;
}

/** Whether somebody may cancel and retry what another started. */
export const isOperator = (me: Me) => me.roles.includes("operator") || me.roles.includes("admin");

const channel = new BroadcastChannel("fleet-session");

/** Calls when another tab of this browser signed in or out. */
export function whenSessionChanges(act: () => void) {
  channel.onmessage = act;
}

export const tellSessionChanged = () => channel.postMessage("changed");

export function SignIn({ entered }: { entered: () => void }) {
  useTitle("Sign in");
  return (
    <main class="sign-in">
      <img src="/icon.svg" alt="" width="44" height="44" />
      <WaysIn entered={entered} />
    </main>
  );
}

/** Over the page, so that nothing on it is lost. */
export function SignInAgain({ me, entered }: { me: Me; entered: () => void }) {
  return (
    <Dialog title="Your session has ended" close={() => undefined} closable={false}>
      <p class="hint">Sign in again as <strong>{me.subject}</strong> and go on where you were; nothing you typed is lost.</p>
      <WaysIn entered={entered} again={me.subject} />
    </Dialog>
  );
}

function WaysIn({ entered, again }: { entered: () => void; again?: string }) {
  const [ways, set] = useState<Ways>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const load = (signal?: AbortSignal) => {
    const found = (all: Ways) => { setProblem(undefined); set(all); };
    patiently(waysIn, signal, setProblem).then(found, (error) => { if (!signal?.aborted) setProblem(error as Problem); });
  };
  useEffect(() => {
    const leave = new AbortController();
    load(leave.signal);
    return () => leave.abort();
  }, []);
  const enter = async (name: string) => {
    setBusy(true);
    try {
      await signIn(name);
      tellSessionChanged();
      entered();
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  if (problem) return <Trouble problem={problem} again={() => { if (ways) setProblem(undefined); else wake(); }} />;
  if (!ways) return <Loading lines={4} />;
  const { provider } = ways;
  if (provider) {
    const next = encodeURIComponent(location.pathname + location.search);
    return (
      <>
        {!again && <><h1>Sign in</h1><p class="hint">Your tasks and workflows are behind it.</p></>}
        <a class="button primary" href={`${provider.url}?next=${next}`}>Sign in with {provider.name}</a>
      </>
    );
  }
  return (
    <>
      {!again && <><h1>Who are you?</h1><p class="hint">On this machine you may be anybody. Each persona sees the work of its own groups.</p></>}
      <Personas people={ways.people} first={again} busy={busy} enter={enter} />
    </>
  );
}

function Personas({ people, first, busy, enter }: { people: Person[]; first?: string; busy: boolean; enter: (name: string) => Promise<void> }) {
  const sorted = [...people].sort((a, b) => Number(b.name === first) - Number(a.name === first));
  return (
    <ul class="personas">
      {sorted.map(({ name, groups, roles }) => (
        <li key={name}>
          <button type="button" disabled={busy} onClick={() => void enter(name)}>
            <span class="avatar" aria-hidden="true">{name.charAt(0).toUpperCase()}</span>
            <span><strong dir="auto">{name}</strong><small>{[...groups, ...roles].map(humanize).join(", ") || "No group"}</small></span>
            <Icon name="play" size={14} />
          </button>
        </li>
      ))}
    </ul>
  );
}

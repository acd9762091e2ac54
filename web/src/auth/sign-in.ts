/** The sign-in of this browser: access token in memory, refresh token in a cookie no script reads. */
import { ApiProblem } from '../api/problem.ts';
import { send } from '../api/send.ts';
import type { SignedIn, User } from '../api/types.ts';

/** `starting` until the first refresh answered; `away` while the server cannot be reached. */
export type SignInState =
  | { readonly status: 'starting' | 'away' }
  | { readonly status: 'signed_out'; readonly why: 'never' | 'left' | 'expired' }
  | { readonly status: 'signed_in'; readonly user: User };

/** Holds the token and renews it. */
export interface SignIn {
  state: () => SignInState;
  subscribe: (listener: () => void) => () => void;
  /** Continues an earlier sign-in of this browser, if there is one. */
  resume(): Promise<void>;
  /** @throws ApiProblem `invalid_credentials` and others of the sign-in route */
  enter(email: string, password: string): Promise<void>;
  leave(): Promise<void>;
  /** A token that still lives for a while, or null when signed out. */
  token(): Promise<string | null>;
  /** A token other than the refused one, or null when the sign-in has ended. */
  renew(refused: string | null): Promise<string | null>;
}

/** Renewed this long before it ends, so that no request meets a dead token. */
const RENEW_BEFORE_MS = 60_000;
const RETRY_MS = 5_000;
/** Says that a refresh cookie may exist; asking without one is a refused request on every visit. */
const HINT = 'campshub360.signed-in';
const CHANNEL = 'campshub360.sign-in';

interface Held {
  readonly token: string;
  readonly renewAtMs: number;
}

/** Makes the sign-in of this page. */
export function createSignIn(storage: Storage = localStorage): SignIn {
  let state: SignInState = { status: 'starting' };
  let held: Held | null = null;
  let renewal: Promise<string | null> | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listeners = new Set<() => void>();
  const otherPages = new BroadcastChannel(CHANNEL);

  const become = (next: SignInState): void => {
    state = next;
    for (const listener of listeners) listener();
  };
  const plan = (inMs: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void renewNow().catch(() => plan(RETRY_MS)), Math.max(inMs, 0));
  };
  const accept = ({ access_token: token, expires_in: seconds, user }: SignedIn): string => {
    const lifeMs = seconds * 1_000;
    const renewInMs = Math.max(lifeMs - RENEW_BEFORE_MS, lifeMs / 2);
    held = { token, renewAtMs: Date.now() + renewInMs };
    storage.setItem(HINT, '1');
    plan(renewInMs);
    if (state.status !== 'signed_in' || !isSameUser(state.user, user)) {
      become({ status: 'signed_in', user });
    }
    return token;
  };
  const end = (why: 'never' | 'left' | 'expired'): null => {
    held = null;
    clearTimeout(timer);
    storage.removeItem(HINT);
    if (state.status !== 'signed_out') become({ status: 'signed_out', why });
    return null;
  };

  /** One renewal at a time, also among the pages of this browser: a token used twice ends both. */
  const renewNow = (): Promise<string | null> => {
    renewal ??= inTurn(async () => {
      try {
        return accept((await refresh()) as SignedIn);
      } catch (error) {
        if (!(error instanceof ApiProblem) || error.isRetryable) throw error;
        return end(state.status === 'starting' ? 'never' : 'expired');
      }
    }).finally(() => {
      renewal = null;
    });
    return renewal;
  };

  otherPages.addEventListener('message', () => {
    if (state.status === 'signed_in') end('left');
  });

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async resume() {
      if (storage.getItem(HINT) === null) {
        end('never');
        return;
      }
      try {
        await renewNow();
      } catch {
        // Not a refusal: the server is away. The page says so and asks again.
        if (state.status === 'starting') become({ status: 'away' });
        plan(RETRY_MS);
      }
    },
    async enter(email, password) {
      const body = { email, password, client: 'browser' };
      accept((await send({ method: 'POST', path: '/api/v1/auth/login', body }, null)) as SignedIn);
    },
    async leave() {
      const token = held?.token ?? null;
      await send({ method: 'POST', path: '/api/v1/auth/logout' }, token).catch((error: unknown) => {
        // A dead token means the sign-in has ended already.
        if (!(error instanceof ApiProblem && error.status === 401)) throw error;
      });
      end('left');
      otherPages.postMessage('left');
    },
    async token() {
      if (held && Date.now() < held.renewAtMs) return held.token;
      if (state.status === 'signed_out') return null;
      return renewNow();
    },
    async renew(refused) {
      if (held && held.token !== refused) return held.token;
      if (state.status === 'signed_out') return null;
      return renewNow();
    },
  };
}

const refresh = (): Promise<unknown> =>
  send({ method: 'POST', path: '/api/v1/auth/refresh', body: {} }, null);

const isSameUser = (left: User, right: User): boolean =>
  JSON.stringify(left) === JSON.stringify(right);

/** Locks exist only on secure origins; elsewhere a second page at the same instant is a small risk. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (!('locks' in navigator)) return work();
  return navigator.locks.request('campshub360.refresh', work);
}

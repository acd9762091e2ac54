/** The parts every screen shares: sign-in, API, live connection, saved scans. Built once in main.tsx. */
import { createContext, useContext, useSyncExternalStore } from 'react';
import type { ApiClient } from './api/client.ts';
import type { User } from './api/types.ts';
import type { SignIn, SignInState } from './auth/sign-in.ts';
import type { Live, LiveStatus } from './live/live-socket.ts';
import type { SavedScans } from './scan/saved-scans.ts';

/** The shared parts. */
export interface AppParts {
  readonly signIn: SignIn;
  readonly api: ApiClient;
  readonly live: Live;
  readonly scans: SavedScans;
}

export const AppContext = createContext<AppParts | null>(null);

/** The shared parts. */
export function useApp(): AppParts {
  const parts = useContext(AppContext);
  if (!parts) throw new Error('useApp needs an AppContext around it');
  return parts;
}

/** The state of the sign-in, followed. */
export function useSignInState(): SignInState {
  const { signIn } = useApp();
  return useSyncExternalStore(signIn.subscribe, signIn.state);
}

/** The person signed in. Screens behind the sign-in only. */
export function useUser(): User {
  const state = useSignInState();
  if (state.status !== 'signed_in') throw new Error('this screen is for signed-in people');
  return state.user;
}

/** How the live connection stands, followed. */
export function useLiveStatus(): LiveStatus {
  const { live } = useApp();
  return useSyncExternalStore(live.subscribe, live.status);
}

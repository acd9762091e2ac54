/** Why a class shows no code, in the words of its screen. */
import { ApiProblem } from '../api/problem.ts';
import type { DisplayState } from './display-feed.ts';

/** The refusals that the state of the class explains. */
const HALTS = [
  'session_not_open',
  'session_closed',
  'session_locked',
  'session_cancelled',
] as const;
export type Halt = (typeof HALTS)[number];

/** What halts the screen, with the instant at which marking opens where it is told; null for nothing. */
export function haltOf({
  isClosed,
  error,
}: Pick<DisplayState, 'isClosed' | 'error'>): { halt: Halt; opensAt: string | null } | null {
  if (isClosed) return { halt: 'session_closed', opensAt: null };
  if (!(error instanceof ApiProblem)) return null;
  const halt = HALTS.find((code) => code === error.code);
  return halt === undefined ? null : { halt, opensAt: error.instantOf('opens_at') };
}

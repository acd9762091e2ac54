/** Which classes a punch belongs to, and whether the person came or went (devices.md section 4). */
import type { Id } from '../types.ts';

/** A class of the student in a room of the terminal; instants are Unix milliseconds. */
export interface PunchCandidate {
  readonly sessionId: Id;
  readonly startMs: number;
  readonly endMs: number;
  readonly opensMs: number;
  readonly absentAfterMinutes: number | null;
}

/** A class the punch counts for. */
export interface PunchPlace {
  readonly sessionId: Id;
  readonly phase: 'entry' | 'exit';
  /** Another class would have fitted as well. */
  readonly isAmbiguous: boolean;
}

/** People leave at most this long after the end. */
const EXIT_MS = 15 * 60_000;

/**
 * Places a punch: at most one entry and one exit, of different classes. A punch in both zones of
 * one class is an entry. Of several entries the nearest start wins.
 * @param effMs       when the punch happened
 * @param candidates  every class of the student on this terminal around that time
 */
export function placePunch(effMs: number, candidates: readonly PunchCandidate[]): PunchPlace[] {
  const entries = candidates.filter(
    (candidate) => effMs >= candidate.opensMs && effMs < entryEndMs(candidate, candidates),
  );
  const exits = candidates.filter(
    (candidate) =>
      !entries.includes(candidate) &&
      effMs >= candidate.startMs &&
      effMs <= candidate.endMs + EXIT_MS,
  );
  return [...nearest(effMs, entries, 'entry'), ...nearest(effMs, exits, 'exit')];
}

/** The earliest of: nobody may come any more, the end, the early window of the next class. */
function entryEndMs(candidate: PunchCandidate, all: readonly PunchCandidate[]): number {
  const { startMs, endMs, absentAfterMinutes } = candidate;
  const nextOpens = all.filter((other) => other.startMs > startMs).map((other) => other.opensMs);
  const absentMs = absentAfterMinutes === null ? endMs : startMs + absentAfterMinutes * 60_000;
  return Math.min(endMs, absentMs, ...nextOpens);
}

function nearest(
  effMs: number,
  candidates: readonly PunchCandidate[],
  phase: PunchPlace['phase'],
): PunchPlace[] {
  const distance = ({ startMs }: PunchCandidate): number => Math.abs(effMs - startMs);
  const [first] = [...candidates].sort((left, right) => distance(left) - distance(right));
  if (!first) return [];
  return [{ sessionId: first.sessionId, phase, isAmbiguous: candidates.length > 1 }];
}

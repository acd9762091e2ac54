/** Refusals that name times, in the words and the zone of the reader. */
import type { TFunction } from 'i18next';
import { showMoment } from './times.ts';

/** A refusal of the API: of a request, or of one mark among many. */
export interface Refused {
  readonly code: string;
  /** The sentence of the API, whose times are in UTC. */
  readonly detail: string;
  /** An instant that came with it, by the name of its member. */
  instantOf(member: string): string | null;
}

/** What tells of a refusal by members of its own: a result of a mark, or what was kept of one. */
interface Told {
  readonly code: string | null;
  readonly detail: string | null;
}

/** The same as refusals are read. */
export function refusedOf(told: Told): Refused {
  const members: Readonly<Record<string, unknown>> = { ...told };
  return {
    code: told.code ?? 'unknown',
    detail: told.detail ?? '',
    instantOf(member) {
      const at = members[member];
      return typeof at === 'string' && !Number.isNaN(Date.parse(at)) ? at : null;
    },
  };
}

/**
 * The words for a refusal: with the times that came with it where it is about times, else the
 * sentence of the API.
 */
export function refusalWords(
  t: TFunction,
  refused: Refused,
  zone: string,
  nowMs = Date.now(),
): string {
  const timeOf = (member: string): string | null => {
    const at = refused.instantOf(member);
    return at === null ? null : showMoment(at, zone);
  };
  const [opens, closes] = [timeOf('opens_at'), timeOf('closes_at')];
  const window = opens === null || closes === null ? null : { from: opens, to: closes };
  switch (refused.code) {
    case 'session_not_open':
      return opens === null ? refused.detail : t('problem.notOpen', { time: opens });
    case 'outside_window':
      return window === null ? refused.detail : t('problem.outsideWindow', window);
    case 'self_entry_window_closed':
      return window === null ? refused.detail : t('problem.ownEntries', window);
    case 'session_locked': {
      const lockedAt = refused.instantOf('lock_due_at');
      // A person may make a class final before it is due.
      const isPast = lockedAt !== null && Date.parse(lockedAt) <= nowMs;
      return isPast ? t('problem.final', { time: showMoment(lockedAt, zone) }) : refused.detail;
    }
    case 'correction_window_closed': {
      const until = timeOf('closed_at');
      return until === null ? refused.detail : t('problem.correctionsUntil', { time: until });
    }
    default:
      return refused.detail;
  }
}

/** Which students of a roll a screen shows, and in which order. */
import type { Fallback, Mark, StudentName, WaitingClaim } from '../api/types.ts';
import { fullName } from '../shared/person-name.ts';

/** Marks to show; `waiting` shows whose claims wait for a person, `all` everyone. */
export type RollFilter = Mark | 'unmarked' | 'waiting' | 'all';

/** How the roll is ordered. */
export type RollOrder = 'roll' | 'name' | 'flag';

/** What narrows the roll. */
export interface RollView {
  readonly filter: RollFilter;
  readonly order: RollOrder;
  readonly text: string;
}

/** Everyone by roll number. */
export const WHOLE_ROLL: RollView = { filter: 'all', order: 'roll', text: '' };

/** A student as the grid shows one. */
export interface RollEntry {
  readonly student: StudentName;
  readonly mark: Mark | null;
  /** Why staff marked without a scan. */
  readonly fallback: Fallback | null;
  /** What waits for a word of the staff. */
  readonly waiting: Waiting | null;
}

/** A scan kept offline, or other evidence that waits for a person. */
export type Waiting = 'scan' | 'evidence';

/** What waits, in one word: a scan says more than other evidence. */
export function waitingOf(claims: readonly WaitingClaim[]): Waiting | null {
  if (claims.length === 0) return null;
  return claims.some(({ code }) => code === 'offline_unconfirmed') ? 'scan' : 'evidence';
}

/** Flags that say how little a record proves; others belong to how it came about. */
const DOUBTS = [
  'recheck_missed',
  'shared_device',
  'presence_flagged',
  'foreign_device',
  'static_code',
] as const;

/** A doubt about a record. */
export type Doubt = (typeof DOUBTS)[number];

/** The strongest doubt among a record's flags, or null. */
export const doubtOf = (flags: readonly string[]): Doubt | null =>
  DOUBTS.find((doubt) => flags.includes(doubt)) ?? null;

/** A student as the roll is narrowed and ordered by. */
interface OrderedEntry extends RollEntry {
  readonly doubt: Doubt | null;
}

/** A student with everything a tile shows. */
export interface GridEntry extends OrderedEntry {
  readonly source: string | null;
  /** No scan stands behind the mark, so there may be something to say why. */
  readonly isUnscanned: boolean;
  /** Something was recorded, so there is a history to read. */
  readonly hasHistory: boolean;
  readonly isSending: boolean;
  /** Why the last mark was refused. */
  readonly failure: string | null;
  /** Number of the last change by others; 0 for none. */
  readonly news: number;
}

/**
 * The students a view lets through.
 * @param kept  stay although their mark no longer matches, so that tiles do not run away from
 *   under the finger that has just marked them
 */
export function narrowRoll<Entry extends OrderedEntry>(
  entries: readonly Entry[],
  { filter, order, text }: RollView,
  kept: ReadonlySet<string>,
): readonly Entry[] {
  const words = text.trim().toLowerCase().split(/\s+/);
  const shown = entries.filter(({ student, mark, waiting }) => {
    const isMatch = filter === 'waiting' ? waiting !== null : (mark ?? 'unmarked') === filter;
    const isWanted = filter === 'all' || isMatch || kept.has(student.id);
    const searched = `${fullName(student)} ${student.roll_number}`.toLowerCase();
    return isWanted && words.every((word) => searched.includes(word));
  });
  const keyOf = ({ student }: Entry): string =>
    order === 'name' ? fullName(student) : student.roll_number;
  const collator = new Intl.Collator('en', { numeric: true });
  const placeOf = ({ doubt }: Entry): number =>
    order !== 'flag' ? 0 : doubt === null ? DOUBTS.length : DOUBTS.indexOf(doubt);
  return shown.toSorted(
    (left, right) => placeOf(left) - placeOf(right) || collator.compare(keyOf(left), keyOf(right)),
  );
}

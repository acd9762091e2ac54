/** Which students of a roll a screen shows, and in which order. */
import type { Fallback, Mark, StudentName } from '../api/types.ts';
import { fullName } from '../shared/person-name.ts';

/** Marks to show; `all` shows everyone. */
export type RollFilter = Mark | 'unmarked' | 'all';

/** How the roll is ordered. */
export type RollOrder = 'roll' | 'name';

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
}

/** A student with everything a tile shows. */
export interface GridEntry extends RollEntry {
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
export function narrowRoll<Entry extends RollEntry>(
  entries: readonly Entry[],
  { filter, order, text }: RollView,
  kept: ReadonlySet<string>,
): readonly Entry[] {
  const words = text.trim().toLowerCase().split(/\s+/);
  const shown = entries.filter(({ student, mark }) => {
    const isWanted = filter === 'all' || (mark ?? 'unmarked') === filter || kept.has(student.id);
    const searched = `${fullName(student)} ${student.roll_number}`.toLowerCase();
    return isWanted && words.every((word) => searched.includes(word));
  });
  const keyOf = ({ student }: Entry): string =>
    order === 'roll' ? student.roll_number : fullName(student);
  const collator = new Intl.Collator('en', { numeric: true });
  return shown.toSorted((left, right) => collator.compare(keyOf(left), keyOf(right)));
}

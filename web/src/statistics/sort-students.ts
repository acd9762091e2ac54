/** The order of a section's list. */
import type { CourseStudent, Verdict } from '../api/types.ts';
import { fullName } from '../shared/person-name.ts';

/** The columns of the table, each of which sorts it. */
export const COLUMNS = [
  'roll',
  'student',
  'attended',
  'late',
  'absent',
  'excused',
  'percent',
  'verdict',
] as const;
export type Column = (typeof COLUMNS)[number];

/** A column and its direction. */
export interface Order {
  readonly column: Column;
  readonly isDown: boolean;
}

/** Worst first, as it is looked for. */
const VERDICT_RANKS: Readonly<Record<Verdict, number>> = {
  not_eligible: 0,
  condonable: 1,
  provisional: 2,
  insufficient_data: 3,
  eligible: 4,
};

const VALUES: Readonly<Record<Column, (row: CourseStudent) => number | string | null>> = {
  roll: (row) => row.student.roll_number,
  student: (row) => fullName(row.student),
  attended: (row) => row.attended,
  late: (row) => row.late_count,
  absent: (row) => row.absent_count,
  excused: (row) => row.excused_count,
  percent: (row) => row.value_bp,
  verdict: (row) => VERDICT_RANKS[row.verdict],
};

const WORDS = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Sorts; students without a value come last in either direction, equal ones by roll number. */
export function sortStudents(
  students: readonly CourseStudent[],
  { column, isDown }: Order,
): readonly CourseStudent[] {
  const valueOf = VALUES[column];
  return students.toSorted((left, right) => {
    const [a, b] = [valueOf(left), valueOf(right)];
    if (a === null || b === null) return a === b ? byRoll(left, right) : a === null ? 1 : -1;
    const ascending =
      typeof a === 'number' && typeof b === 'number' ? a - b : WORDS.compare(String(a), String(b));
    return (isDown ? -ascending : ascending) || byRoll(left, right);
  });
}

const byRoll = (left: CourseStudent, right: CourseStudent): number =>
  WORDS.compare(left.student.roll_number, right.student.roll_number);

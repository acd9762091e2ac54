/** Counted units of a student: what was held and attended, before leave is weighed. */
import { appError } from '../errors.ts';
import { COMPONENTS, type Component, type ExcuseCategory, type Id } from '../types.ts';
import { WHOLE } from './percentage.ts';
import type { Regulation } from './regulation.ts';

/** Units of one component of a course by mark; `lateCount` is in sessions (eligibility.md section 1). */
export interface UnitBuckets {
  readonly present: number;
  readonly late: number;
  readonly lateCount: number;
  readonly absent: number;
  readonly excused: Readonly<Partial<Record<ExcuseCategory, number>>>;
}

/** The counted units of a student in one course; components without units may be left out. */
export interface CourseUnits {
  readonly courseId: Id;
  readonly tags: readonly string[];
  readonly components: Readonly<Partial<Record<Component, UnitBuckets>>>;
}

/** Sums over some courses and components: `held` in units, `attended` in ten-thousandths of a unit. */
export interface Tally {
  readonly held: bigint;
  readonly attended: bigint;
  readonly excused: ReadonlyMap<ExcuseCategory, bigint>;
}

const NOTHING: Tally = { held: 0n, attended: 0n, excused: new Map() };

/**
 * Sums components of one course under the regulation's late policy. Late marks of the course are
 * counted together, so that each full group of them costs one unit.
 * @throws AppError `invariant_broken` when a bucket is no whole number from zero up
 */
export function tallyCourse(
  course: CourseUnits,
  late: Pick<Regulation, 'lateValueBp' | 'latesPerAbsence'>,
  components: readonly Component[] = COMPONENTS,
): Tally {
  const parts = components.flatMap((component) => course.components[component] ?? []);
  const lates = parts.reduce((sum, { lateCount }) => sum + whole(lateCount), 0n);
  const lost = late.latesPerAbsence === null ? 0n : lates / BigInt(late.latesPerAbsence);
  const sum = sumTallies(parts.map((part) => tallyPart(part, late.lateValueBp)));
  return { ...sum, attended: sum.attended - lost * WHOLE };
}

/** Adds tallies up. */
export function sumTallies(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (sum, tally) => ({
      held: sum.held + tally.held,
      attended: sum.attended + tally.attended,
      excused: addExcused(sum.excused, tally.excused),
    }),
    NOTHING,
  );
}

function tallyPart(part: UnitBuckets, lateValueBp: number): Tally {
  const excused = new Map<ExcuseCategory, bigint>();
  for (const [category, units] of Object.entries(part.excused)) {
    excused.set(category as ExcuseCategory, whole(units));
  }
  const onLeave = [...excused.values()].reduce((sum, units) => sum + units, 0n);
  return {
    held: whole(part.present) + whole(part.late) + whole(part.absent) + onLeave,
    attended: whole(part.present) * WHOLE + whole(part.late) * BigInt(lateValueBp),
    excused,
  };
}

function addExcused(
  one: ReadonlyMap<ExcuseCategory, bigint>,
  other: ReadonlyMap<ExcuseCategory, bigint>,
): ReadonlyMap<ExcuseCategory, bigint> {
  const sum = new Map(one);
  for (const [category, units] of other) sum.set(category, (sum.get(category) ?? 0n) + units);
  return sum;
}

/** A count on its way into BigInt arithmetic; a fraction here would be a defect upstream. */
function whole(count: number): bigint {
  if (Number.isSafeInteger(count) && count >= 0) return BigInt(count);
  throw appError('invariant_broken', `A count of units is not a whole number: ${count}`);
}

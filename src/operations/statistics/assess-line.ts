/** One student in one course, judged: the numbers that screens, reports and verdicts share. */
import type { CountedBucket, StatisticsLine } from '../../db/queries/statistics.ts';
import { decide, type EligibilityVerdict } from '../../domain/eligibility/decide.ts';
import { weighLeave } from '../../domain/eligibility/leave.ts';
import { project, type Projection } from '../../domain/eligibility/projection.ts';
import {
  defaultRegulation,
  type Consequence,
  type Regulation,
} from '../../domain/eligibility/regulation.ts';
import { tallyCourse, type CourseUnits, type UnitBuckets } from '../../domain/eligibility/units.ts';
import { COMPONENTS, type Component, type ExcuseCategory } from '../../domain/types.ts';
import type { LeastAttendance } from './load-thresholds.ts';

/** Units that count: held after exclusions, attended in ten-thousandths of a unit. */
export interface Counted {
  readonly held: bigint;
  readonly attended: bigint;
}

/** A line with its verdict. */
export interface AssessedLine extends Counted {
  readonly line: StatisticsLine;
  readonly least: LeastAttendance;
  /** Basis points, truncated; null for insufficient data. */
  readonly valueBp: number | null;
  readonly verdict: EligibilityVerdict;
  readonly consequence: Consequence;
  /** Components that had classes; they sum up to the line, whole late groups aside. */
  readonly components: Readonly<Partial<Record<Component, Counted>>>;
  readonly projection: Projection;
}

/**
 * Judges a line by the default regulation with the threshold of its section.
 * @see eligibility.md sections 2 to 4
 */
export function assessLine(line: StatisticsLine, least: LeastAttendance): AssessedLine {
  const regulation = defaultRegulation(least.threshold);
  const course = courseUnits(line);
  const { deciding, consequence } = decide(regulation, [course]);
  if (!deciding) throw new Error('the default regulation judged nothing');
  const { held, attended, valueBp, verdict } = deciding;
  return {
    line,
    least,
    held,
    attended,
    valueBp,
    verdict,
    consequence,
    components: countComponents(regulation, course),
    projection: project({ held, attended }, least.threshold),
  };
}

function countComponents(
  regulation: Regulation,
  course: CourseUnits,
): Partial<Record<Component, Counted>> {
  const counted: Partial<Record<Component, Counted>> = {};
  for (const component of COMPONENTS) {
    if (!course.components[component]) continue;
    const { held, attended } = weighLeave(tallyCourse(course, regulation, [component]), regulation);
    counted[component] = { held, attended };
  }
  return counted;
}

function courseUnits({ section, buckets }: StatisticsLine): CourseUnits {
  const components: Partial<Record<Component, UnitBuckets>> = {};
  for (const component of COMPONENTS) {
    const own = buckets.filter((bucket) => bucket.component === component);
    if (own.length > 0) components[component] = unitBuckets(own);
  }
  return { courseId: section.courseId, tags: [], components };
}

function unitBuckets(buckets: readonly CountedBucket[]): UnitBuckets {
  const excused: Partial<Record<ExcuseCategory, number>> = {};
  for (const { category, units } of buckets) {
    if (category !== null) excused[category] = (excused[category] ?? 0) + units;
  }
  const of = (outcome: CountedBucket['outcome'], what: 'units' | 'sessions'): number =>
    buckets
      .filter((bucket) => bucket.outcome === outcome)
      .reduce((sum, bucket) => sum + bucket[what], 0);
  return {
    present: of('present', 'units'),
    late: of('late', 'units'),
    lateCount: of('late', 'sessions'),
    absent: of('absent', 'units'),
    excused,
  };
}

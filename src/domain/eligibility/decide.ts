/** From counted units and a regulation to a verdict with the numbers behind it. */
import type { Component, Id } from '../types.ts';
import { weighLeave, type Weighed } from './leave.ts';
import {
  basisPointsOf,
  compareMargins,
  meanOf,
  meets,
  type Threshold,
  type Value,
} from './percentage.ts';
import type { Consequence, Regulation, Requirement, RequirementUnit } from './regulation.ts';
import { sumTallies, tallyCourse, type CourseUnits, type Tally } from './units.ts';

/** Verdicts, worst first (eligibility.md section 4). */
export const ELIGIBILITY_VERDICTS = [
  'not_eligible',
  'insufficient_data',
  'condonable',
  'provisional',
  'eligible',
] as const;
export type EligibilityVerdict = (typeof ELIGIBILITY_VERDICTS)[number];

/** One value compared with one threshold. */
interface DecidedItem {
  readonly unit: RequirementUnit;
  readonly scope: 'course' | 'term';
  /** The course, for items of one course. */
  readonly courseId: Id | null;
  /** The components summed, for items of a group. */
  readonly components: readonly Component[] | null;
  /** Units after exclusions; for a mean the sum over its courses. */
  readonly held: bigint;
  /** Ten-thousandths of a unit. */
  readonly attended: bigint;
  /** The plain value; null when too little was held. */
  readonly value: Value | null;
  /** Whole basis points of `value`, truncated. */
  readonly valueBp: number | null;
  readonly min: Threshold;
  readonly verdict: EligibilityVerdict;
}

/** The verdict over all items and the item that decided it. */
export interface Decision {
  readonly verdict: EligibilityVerdict;
  /** Null when there was nothing to judge. */
  readonly deciding: DecidedItem | null;
  readonly items: readonly DecidedItem[];
  readonly consequence: Consequence;
}

/**
 * Judges a student's counted units by a regulation. Pure, in integers only; the order of courses
 * does not matter to the verdict.
 * @throws AppError `invariant_broken` when a count is no whole number from zero up
 * @see eligibility.md sections 2 to 4
 */
export function decide(regulation: Regulation, courses: readonly CourseUnits[]): Decision {
  const items = regulation.require.flatMap((requirement) =>
    subjectsOf(regulation, requirement, courses).map((subject) =>
      judge(regulation, requirement, subject),
    ),
  );
  const deciding = items.toSorted(worstFirst)[0] ?? null;
  return {
    verdict: deciding?.verdict ?? 'insufficient_data',
    deciding,
    items,
    consequence: regulation.consequence,
  };
}

/** What one value is made of: the tallies that are summed, or averaged for a mean. */
interface Subject {
  readonly courseId: Id | null;
  readonly components: readonly Component[] | null;
  readonly tallies: readonly Tally[];
}

function subjectsOf(
  regulation: Regulation,
  requirement: Requirement,
  courses: readonly CourseUnits[],
): Subject[] {
  const { tags } = requirement;
  const chosen = tags === null ? courses : courses.filter((course) => hasTag(course, tags));
  switch (requirement.unit) {
    case 'course':
      return chosen.map((course) => ({
        courseId: course.courseId,
        components: null,
        tallies: [tallyCourse(course, regulation)],
      }));
    case 'course_component':
      return chosen.flatMap((course) => groupsOf(regulation, requirement, course));
    case 'aggregate':
    case 'mean_of_courses': {
      const counted = chosen.filter((course) => !hasTag(course, regulation.excludeTags));
      const tallies = counted.map((course) => tallyCourse(course, regulation));
      return [{ courseId: null, components: null, tallies }];
    }
    default:
      return requirement.unit satisfies never;
  }
}

/** Groups of components in which something was held. */
function groupsOf(regulation: Regulation, { groups }: Requirement, course: CourseUnits): Subject[] {
  return groups
    .map((components) => ({
      courseId: course.courseId,
      components,
      tallies: [tallyCourse(course, regulation, components)],
    }))
    .filter(({ tallies }) => sumTallies(tallies).held > 0n);
}

function hasTag(course: CourseUnits, tags: readonly string[]): boolean {
  return course.tags.some((tag) => tags.includes(tag));
}

function judge(regulation: Regulation, requirement: Requirement, subject: Subject): DecidedItem {
  const isMean = requirement.unit === 'mean_of_courses';
  const tallies = isMean ? subject.tallies : [sumTallies(subject.tallies)];
  const weighed = tallies.map((tally) => weighLeave(tally, regulation));
  const enough = weighed.filter(({ held }) => held >= BigInt(regulation.minHeld));
  const value = meanOf(enough.map(plainValue));
  return {
    unit: requirement.unit,
    scope: requirement.scope,
    courseId: subject.courseId,
    components: subject.components,
    held: weighed.reduce((sum, { held }) => sum + held, 0n),
    attended: weighed.reduce((sum, { attended }) => sum + attended, 0n),
    value,
    valueBp: value && basisPointsOf(value),
    min: requirement.min,
    verdict: value ? verdictOf(requirement, value, enough) : 'insufficient_data',
  };
}

function verdictOf(
  { min, rounding }: Requirement,
  value: Value,
  weighed: readonly Weighed[],
): EligibilityVerdict {
  if (meets(value, min, rounding)) return 'eligible';
  const condoned = meanOf(weighed.map(condonedValue));
  if (!condoned || !meets(condoned, min, rounding)) return 'not_eligible';
  return weighed.every(({ isAutomatic }) => isAutomatic) ? 'eligible' : 'condonable';
}

const plainValue = ({ held, attended }: Weighed): Value => ({
  numerator: attended,
  denominator: held,
});

const condonedValue = ({ held, attended, condonable }: Weighed): Value => ({
  numerator: attended + condonable,
  denominator: held,
});

function worstFirst(one: DecidedItem, other: DecidedItem): number {
  const difference =
    ELIGIBILITY_VERDICTS.indexOf(one.verdict) - ELIGIBILITY_VERDICTS.indexOf(other.verdict);
  if (difference !== 0 || !one.value || !other.value) return difference;
  return compareMargins({ value: one.value, min: one.min }, { value: other.value, min: other.min });
}

/** Attendance regulations as data: their type, their strict reader and the default one. */
import { appError } from '../errors.ts';
import { COMPONENTS, EXCUSE_CATEGORIES, type Component, type ExcuseCategory } from '../types.ts';
import { ROUNDINGS, type Rounding, type Threshold } from './percentage.ts';
import {
  anyObject,
  flag,
  listOf,
  nullOr,
  objectOf,
  oneOf,
  text,
  wholeNumber,
  type Problem,
  type Reader,
} from './strict-reader.ts';

/** How leave of a category counts (eligibility.md section 3, patterns a to d). */
const LEAVE_PATTERNS = ['attended', 'excluded', 'tolerance', 'condone'] as const;
export type LeavePattern = (typeof LEAVE_PATTERNS)[number];

/** The most units one leave rule moves: a number of units, or a share of held, rounded down. */
type LeaveCap = { readonly units: number } | { readonly ofHeld: Threshold };

/** How leave of some categories counts; one cap covers all of them together. */
export interface LeaveRule {
  readonly categories: readonly ExcuseCategory[];
  readonly pattern: LeavePattern;
  readonly cap: LeaveCap | null;
  /** With `condone`: passing makes the student eligible without a decision. */
  readonly isAutomatic: boolean;
  readonly authority: string | null;
  readonly certificateWithinDays: number | null;
}

/** What one threshold is compared with (eligibility.md section 4). */
const REQUIREMENT_UNITS = ['course', 'course_component', 'aggregate', 'mean_of_courses'] as const;
export type RequirementUnit = (typeof REQUIREMENT_UNITS)[number];

/** One threshold that must be met. */
export interface Requirement {
  readonly unit: RequirementUnit;
  /** For `course_component`: components that are summed; each group is one item. */
  readonly groups: readonly (readonly Component[])[];
  /** Only courses with one of these tags; null for all. */
  readonly tags: readonly string[] | null;
  /** What a shortage bars: the course alone, or the term. */
  readonly scope: 'course' | 'term';
  readonly min: Threshold;
  readonly rounding: Rounding;
  readonly label: string | null;
}

/** What a shortage leads to; `advise` records and tells, and bars nobody. */
export const CONSEQUENCES = ['advise', 'block', 'grade_effect'] as const;
export type Consequence = (typeof CONSEQUENCES)[number];

/** A regulation with one threshold per requirement; all requirements must hold. */
export interface Regulation {
  readonly id: string;
  readonly programmeKind: string;
  readonly start: 'enrolment_date';
  readonly base: 'held';
  readonly minHeld: number;
  readonly excludeTags: readonly string[];
  /** Worth of a late mark in basis points of a present one. */
  readonly lateValueBp: number;
  /** Each full group of this many late marks in a course costs one unit; null for none. */
  readonly latesPerAbsence: number | null;
  readonly leaveDefault: LeavePattern;
  readonly leave: readonly LeaveRule[];
  readonly require: readonly Requirement[];
  readonly consequence: Consequence;
  readonly cohort: Readonly<Record<string, unknown>>;
  readonly notices: Readonly<Record<string, unknown>>;
  readonly unverified: readonly string[];
  readonly source: string;
}

/** A fraction from 0 to 1 of whole numbers. */
const fraction: Reader<Threshold> = (value, path, problems) => {
  const parts = listOf(wholeNumber(0))(value, path, problems);
  const [numerator, denominator] = parts;
  if (parts.length === 2 && numerator !== undefined && denominator !== undefined) {
    if (denominator > 0 && numerator <= denominator) return [numerator, denominator];
  }
  problems.push({ path, code: 'fraction_up_to_one' });
  return [0, 1];
};

const cap: Reader<LeaveCap> = (value, path, problems) => {
  const { units, ofHeld } = objectOf<{ units: number | null; ofHeld: Threshold | null }>({
    units: { key: 'units', read: wholeNumber(0), fallback: null },
    ofHeld: { key: 'of_held', read: fraction, fallback: null },
  })(value, path, problems);
  if ((units === null) === (ofHeld === null)) problems.push({ path, code: 'one_kind_of_cap' });
  return ofHeld === null ? { units: units ?? 0 } : { ofHeld };
};

const leaveRule = objectOf<LeaveRule>({
  categories: { key: 'category', read: listOf(oneOf(EXCUSE_CATEGORIES), 1) },
  pattern: { key: 'pattern', read: oneOf(LEAVE_PATTERNS) },
  cap: { key: 'cap', read: nullOr(cap), fallback: null },
  isAutomatic: { key: 'auto', read: flag, fallback: false },
  authority: { key: 'authority', read: nullOr(text), fallback: null },
  certificateWithinDays: {
    key: 'certificate_within_days',
    read: nullOr(wholeNumber(1)),
    fallback: null,
  },
});

const requirement = objectOf<Requirement>({
  unit: { key: 'unit', read: oneOf(REQUIREMENT_UNITS) },
  groups: {
    key: 'groups',
    read: listOf(listOf(oneOf(COMPONENTS), 1), 1),
    fallback: COMPONENTS.map((component) => [component]),
  },
  tags: { key: 'tags', read: nullOr(listOf(text, 1)), fallback: null },
  scope: { key: 'scope', read: oneOf(['course', 'term']), fallback: 'course' },
  min: { key: 'min', read: fraction },
  rounding: { key: 'rounding', read: oneOf(ROUNDINGS), fallback: 'none' },
  label: { key: 'label', read: nullOr(text), fallback: null },
});

const regulation = objectOf<Regulation>({
  id: { key: 'id', read: text },
  programmeKind: { key: 'programme_kind', read: text, fallback: 'general' },
  start: { key: 'start', read: oneOf(['enrolment_date']), fallback: 'enrolment_date' },
  base: { key: 'base', read: oneOf(['held']), fallback: 'held' },
  minHeld: { key: 'min_held', read: wholeNumber(1), fallback: 1 },
  excludeTags: { key: 'exclude_tags', read: listOf(text), fallback: [] },
  lateValueBp: { key: 'late_value_bp', read: wholeNumber(0, 10_000), fallback: 10_000 },
  latesPerAbsence: { key: 'lates_per_absence', read: nullOr(wholeNumber(1)), fallback: null },
  leaveDefault: { key: 'leave_default', read: oneOf(LEAVE_PATTERNS), fallback: 'tolerance' },
  leave: { key: 'leave', read: listOf(leaveRule), fallback: [] },
  require: { key: 'require', read: listOf(requirement, 1) },
  consequence: { key: 'consequence', read: oneOf(CONSEQUENCES), fallback: 'advise' },
  cohort: { key: 'cohort', read: anyObject, fallback: {} },
  notices: { key: 'notices', read: anyObject, fallback: {} },
  unverified: { key: 'unverified', read: listOf(text), fallback: [] },
  source: { key: 'source', read: text },
});

/**
 * Reads a regulation in the rule format, strictly: unknown keys, thresholds above 1 and two late
 * policies at once are refused, as is everything this engine does not compute yet.
 * @throws AppError `validation_failed` naming each problem by path
 * @see eligibility.md section 5
 */
export function readRegulation(data: unknown): Regulation {
  const problems: Problem[] = [];
  const read = regulation(data, '', problems);
  if (read.latesPerAbsence !== null && read.lateValueBp !== 10_000) {
    problems.push({ path: 'lates_per_absence', code: 'two_late_policies' });
  }
  const categories = read.leave.flatMap((rule) => rule.categories);
  if (new Set(categories).size < categories.length) {
    problems.push({ path: 'leave', code: 'category_twice' });
  }
  if (problems.length === 0) return read;
  throw appError('validation_failed', 'The regulation is not acceptable.', {
    errors: problems.map(({ path, code }) => ({ path, code, detail: `${path}: ${code}` })),
  });
}

/** The regulation of institutions without one of their own, by default 75 percent per course. */
const DEFAULT_REGULATION = readRegulation({
  id: 'default',
  leave_default: 'excluded',
  require: [{ unit: 'course', scope: 'course', min: [75, 100] }],
  source: 'original specification',
});

/** The default regulation with the threshold of the setting ATTENDANCE_THRESHOLD_PERCENT. */
export function defaultRegulation(min: Threshold): Regulation {
  return {
    ...DEFAULT_REGULATION,
    require: DEFAULT_REGULATION.require.map((requirement) => ({ ...requirement, min })),
  };
}

/** Statistics and verdicts as the wire shows them; arithmetic is done before. */
import type { z } from 'zod';
import type {
  CountedBucket,
  SectionName,
  SectionStatistics,
  StudentName,
  StudentStatistics,
} from '../../db/queries/statistics.ts';
import { ELIGIBILITY_VERDICTS, type EligibilityVerdict } from '../../domain/eligibility/decide.ts';
import { basisPointsOf, showBasisPoints, WHOLE } from '../../domain/eligibility/percentage.ts';
import type { Component } from '../../domain/types.ts';
import type { AssessedLine, Counted } from '../../operations/statistics/assess-line.ts';
import type { LeastAttendance } from '../../operations/statistics/load-thresholds.ts';
import type { courseStatisticsReply, reportReply, studentStatisticsReply } from './schema.ts';

type StudentReply = z.input<typeof studentStatisticsReply>;
type CourseReply = z.input<typeof courseStatisticsReply>;
type ReportRow = z.input<typeof reportReply>['results'][number];

/** A student's courses of one semester, and the sums over them. */
export function presentStudentStatistics(
  found: StudentStatistics,
  assessed: readonly AssessedLine[],
  { percent }: LeastAttendance,
  now: Date,
): StudentReply {
  const { held, attended } = sumOf(assessed);
  const valueBp = valueOf({ held, attended });
  return {
    student: presentStudent(found.student),
    academic_year: found.academicYear,
    semester: found.semester,
    as_of: now.toISOString(),
    threshold_percent: percent,
    overall: {
      held: Number(held),
      attended: wholeUnits(attended),
      value_bp: valueBp,
      shown: shownOrNull(valueBp),
    },
    courses: assessed.map((row) => ({
      course_section: presentSection(row.line.section),
      ...presentNumbers(row),
    })),
  };
}

/** A section's totals and its students; the average is over all their units together. */
export function presentCourseStatistics(
  found: SectionStatistics,
  assessed: readonly AssessedLine[],
  { percent }: LeastAttendance,
  now: Date,
): CourseReply {
  return {
    course_section: presentSection(found.section),
    as_of: now.toISOString(),
    threshold_percent: percent,
    total_sessions: found.totalSessions,
    not_taken: found.notTaken,
    average_bp: valueOf(sumOf(assessed)),
    students: assessed.map((row) => ({
      student: presentStudent(row.line.student),
      ...presentNumbers(row),
    })),
  };
}

/** A row of the exam-eligibility report. */
export function presentReportRow(row: AssessedLine): ReportRow {
  return {
    student: presentStudent(row.line.student),
    course_section: presentSection(row.line.section),
    ...presentJudgement(row),
    consequence: row.consequence,
  };
}

/** How many rows have each verdict, every verdict named. */
export function countVerdicts(
  assessed: readonly AssessedLine[],
): Record<EligibilityVerdict, number> {
  const counts = Object.fromEntries(ELIGIBILITY_VERDICTS.map((verdict) => [verdict, 0])) as Record<
    EligibilityVerdict,
    number
  >;
  for (const { verdict } of assessed) counts[verdict] += 1;
  return counts;
}

function presentNumbers(
  row: AssessedLine,
): Omit<StudentReply['courses'][number], 'course_section'> {
  const { buckets } = row.line;
  const sessions = (outcome: CountedBucket['outcome']): number =>
    sumSessions(buckets.filter((bucket) => bucket.outcome === outcome));
  return {
    total_sessions: sumSessions(buckets),
    ...presentJudgement(row),
    present_count: sessions('present'),
    late_count: sessions('late'),
    absent_count: sessions('absent'),
    excused_count: sessions('excused'),
    not_recorded: sessions('not_recorded'),
    not_taken: sessions('not_taken'),
    value_bp: row.valueBp,
    components: presentComponents(row.components),
    projection: {
      consecutive_needed: row.projection.consecutiveNeeded,
      may_miss: row.projection.mayMiss,
    },
  };
}

function presentJudgement({ held, attended, valueBp, verdict, least }: AssessedLine) {
  return {
    held: Number(held),
    attended: wholeUnits(attended),
    attendance_percentage: shownOrNull(valueBp),
    threshold_percent: least.percent,
    verdict,
    is_eligible_for_exam: verdict === 'insufficient_data' ? null : verdict === 'eligible',
  };
}

function presentComponents(
  components: AssessedLine['components'],
): Partial<Record<Component, { held: number; attended: number }>> {
  return Object.fromEntries(
    Object.entries(components).map(([component, { held, attended }]) => [
      component,
      { held: Number(held), attended: wholeUnits(attended) },
    ]),
  );
}

function sumSessions(buckets: readonly CountedBucket[]): number {
  return buckets.reduce((sum, { sessions }) => sum + sessions, 0);
}

function sumOf(assessed: readonly AssessedLine[]): Counted {
  return assessed.reduce(
    (sum, { held, attended }) => ({ held: sum.held + held, attended: sum.attended + attended }),
    { held: 0n, attended: 0n },
  );
}

/** Basis points of sums; null when nothing was held. */
function valueOf({ held, attended }: Counted): number | null {
  return held === 0n ? null : basisPointsOf({ numerator: attended, denominator: held });
}

const wholeUnits = (attended: bigint): number => Number(attended / WHOLE);

const shownOrNull = (valueBp: number | null): string | null =>
  valueBp === null ? null : showBasisPoints(valueBp);

function presentStudent({ id, rollNumber, firstName, lastName }: StudentName) {
  return { id, roll_number: rollNumber, first_name: firstName, last_name: lastName };
}

function presentSection(section: SectionName) {
  return {
    id: section.sectionId,
    course: { id: section.courseId, code: section.courseCode, name: section.courseName },
    section_name: section.sectionName,
  };
}

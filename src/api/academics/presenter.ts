/** Wire forms of sections and of what generation did. */
import type { SectionListRow } from '../../db/queries/academics.ts';
import type { SkipReason } from '../../domain/timetable/plan-sessions.ts';
import type { Generation } from '../../operations/timetable/generate-sessions.ts';
import type { LoadedSlot } from '../../operations/timetable/load-plan.ts';

/** A section as lists show it. */
export function presentSection(row: SectionListRow) {
  return {
    id: row.id,
    course: { id: row.course_id, code: row.course_code, name: row.course_name },
    section_name: row.section_name,
    semester: row.semester,
    student_count: row.student_count,
  };
}

/** What generation made, or would make, and every refusal with its reason. */
export function presentGeneration({ created, skipped }: Generation, isDryRun: boolean) {
  return {
    dry_run: isDryRun,
    created: created.map(({ id, slot, date, startAt, endAt }) => ({
      ...slotReference(slot),
      session: id,
      date,
      start_datetime: startAt,
      end_datetime: endAt,
      room: slot.roomCode,
    })),
    skipped: skipped.map(({ slot, date, reason, detail }) => ({
      ...slotReference(slot),
      date,
      reason,
      detail,
    })),
    counts: {
      created: created.length,
      skipped: skipped.length,
      skipped_by_reason: countReasons(skipped.map((item) => item.reason)),
    },
  };
}

function slotReference(slot: LoadedSlot) {
  return {
    slot: slot.id,
    course_section: slot.courseSectionId,
    course_code: slot.courseCode,
    section_name: slot.sectionName,
  };
}

function countReasons(reasons: readonly SkipReason[]): Partial<Record<SkipReason, number>> {
  const counts: Partial<Record<SkipReason, number>> = {};
  for (const reason of reasons) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

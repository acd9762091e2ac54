/** Reads the timetable of a range and plans its sessions; nothing is written. */
import { rows, type Em } from '../../db/orm.ts';
import type { Component, Id, LocalDate } from '../../domain/types.ts';
import {
  planSessions,
  type CampusHoliday,
  type PlannableSlot,
  type SessionPlan,
} from '../../domain/timetable/plan-sessions.ts';
import { instantAt } from './local-time.ts';

/** A slot with what its sessions inherit. */
export interface LoadedSlot extends PlannableSlot {
  readonly zone: string;
  readonly courseSectionId: Id;
  readonly courseId: Id;
  readonly courseCode: string;
  readonly sectionName: string;
  readonly facultyId: Id;
  readonly roomId: Id;
  readonly roomCode: string;
  readonly component: Component;
  readonly units: number;
  readonly autoOpen: boolean;
}

/** A range of dates, both included, and perhaps one section. */
export interface PlanRange {
  readonly dateFrom: LocalDate;
  readonly dateTo: LocalDate;
  readonly courseSectionId?: Id | undefined;
}

/** A condition over `course_section cs`, as auth/scope.ts makes them. */
export interface SectionCondition {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Plans the sessions of every slot of the sections in scope; three reads whatever the range. */
export async function loadPlan(
  em: Em,
  sections: SectionCondition,
  range: PlanRange,
): Promise<SessionPlan<LoadedSlot>> {
  const slots = await readSlots(em, sections, range.courseSectionId);
  const holidays = await readHolidays(em, range);
  const existing = await readExisting(em, range);
  return planSessions({
    slots,
    holidays,
    dateFrom: range.dateFrom,
    dateTo: range.dateTo,
    exists: (slotId, date) => existing.has(`${slotId}|${date}`),
    toInstant: (slot, date, time) => instantAt(slot.zone, date, time),
  });
}

interface SlotRow {
  id: string;
  campus_id: string;
  zone: string;
  weekday: number;
  start_time: string;
  end_time: string;
  valid_from: string;
  valid_to: string;
  auto_generate: boolean;
  is_active: boolean;
  starts_on: string;
  ends_on: string;
  course_section_id: string;
  course_id: string;
  course_code: string;
  section_name: string;
  faculty_id: string;
  room_id: string;
  room_code: string;
  component: Component;
  units: number;
  auto_open: boolean;
}

async function readSlots(
  em: Em,
  sections: SectionCondition,
  courseSectionId: Id | undefined,
): Promise<LoadedSlot[]> {
  const found = await rows<SlotRow>(
    em,
    `select t.id, cs.campus_id, ca.zone, t.weekday, t.start_time, t.end_time, t.valid_from, t.valid_to,
       t.auto_generate, t.is_active, sem.starts_on, sem.ends_on, t.course_section_id, cs.course_id,
       c.code as course_code, cs.section_name, t.faculty_id, t.room_id, r.code as room_code,
       t.component, t.units, t.auto_open
     from timetable_slot t
     join course_section cs on cs.id = t.course_section_id
     join course c on c.id = cs.course_id
     join campus ca on ca.id = cs.campus_id
     join semester sem on sem.id = cs.semester_id
     join room r on r.id = t.room_id
     where (?::uuid is null or t.course_section_id = ?::uuid) and (${sections.sql})
     order by t.weekday, t.start_time, c.code, cs.section_name, t.id`,
    [courseSectionId ?? null, courseSectionId ?? null, ...sections.parameters],
  );
  return found.map((row) => ({
    id: row.id,
    campusId: row.campus_id,
    zone: row.zone,
    weekday: row.weekday,
    startTime: row.start_time,
    endTime: row.end_time,
    validFrom: row.valid_from,
    validTo: row.valid_to,
    autoGenerate: row.auto_generate,
    isActive: row.is_active,
    semesterStartsOn: row.starts_on,
    semesterEndsOn: row.ends_on,
    courseSectionId: row.course_section_id,
    courseId: row.course_id,
    courseCode: row.course_code,
    sectionName: row.section_name,
    facultyId: row.faculty_id,
    roomId: row.room_id,
    roomCode: row.room_code,
    component: row.component,
    units: row.units,
    autoOpen: row.auto_open,
  }));
}

async function readHolidays(em: Em, { dateFrom, dateTo }: PlanRange): Promise<CampusHoliday[]> {
  const found = await rows<{
    campus_id: string;
    held_on: string;
    name: string;
    from_time: string | null;
    to_time: string | null;
    affects_attendance: boolean;
  }>(
    em,
    `select campus_id, held_on, name, from_time, to_time, affects_attendance from holiday
     where held_on between ?::date and ?::date order by held_on, name`,
    [dateFrom, dateTo],
  );
  return found.map((row) => ({
    campusId: row.campus_id,
    heldOn: row.held_on,
    name: row.name,
    fromTime: row.from_time,
    toTime: row.to_time,
    affectsAttendance: row.affects_attendance,
  }));
}

/** `planned_date` never changes, so a session that was moved away still counts (marks.md section 9). */
async function readExisting(
  em: Em,
  { dateFrom, dateTo, courseSectionId }: PlanRange,
): Promise<Set<string>> {
  const found = await rows<{ timetable_slot_id: string; planned_date: string }>(
    em,
    `select s.timetable_slot_id, s.planned_date from attendance_session s
     join timetable_slot t on t.id = s.timetable_slot_id
     where s.planned_date between ?::date and ?::date
       and (?::uuid is null or t.course_section_id = ?::uuid)`,
    [dateFrom, dateTo, courseSectionId ?? null, courseSectionId ?? null],
  );
  return new Set(found.map((row) => `${row.timetable_slot_id}|${row.planned_date}`));
}

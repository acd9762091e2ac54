/** Named reads of the timetable's surroundings: sections, rooms, slots and holidays. */
import type { Point } from '../../domain/presence/geofence.ts';
import type { Component, Id, LocalDate } from '../../domain/types.ts';
import { rows, type Em } from '../orm.ts';
import type { Condition, Page } from './sessions.ts';

/** One page of a list and how many rows there are in all. */
export interface Found<T> {
  readonly count: number;
  readonly results: readonly T[];
}

/** A section with its course and the students enrolled today. */
export interface SectionListRow {
  readonly id: Id;
  readonly course_id: Id;
  readonly course_code: string;
  readonly course_name: string;
  readonly section_name: string;
  readonly semester: string;
  readonly student_count: number;
}

/** Sections in scope, by course code and name; students are those enrolled today. */
export async function listSections(
  em: Em,
  scope: Condition,
  page: Page,
): Promise<Found<SectionListRow>> {
  return paged(
    em,
    {
      from: `course_section cs join course c on c.id = cs.course_id
        join semester sem on sem.id = cs.semester_id join campus ca on ca.id = cs.campus_id`,
      where: scope,
      select: `cs.id, c.id as course_id, c.code as course_code, c.name as course_name, cs.section_name,
        sem.code as semester, (
          select count(distinct e.student_id)::int from enrolment e
          where e.course_section_id = cs.id and e.status = 'enrolled'
            and e.valid_from <= (app_clock() at time zone ca.zone)::date
            and (e.valid_to is null or e.valid_to > (app_clock() at time zone ca.zone)::date)
        ) as student_count`,
      orderBy: 'c.code, cs.section_name, cs.id',
    },
    page,
  );
}

/** A room, named on the wire by its code. */
export interface RoomListRow {
  readonly id: Id;
  readonly code: string;
  readonly building: string;
  readonly capacity: number;
}

/** Every room, by code. */
export async function listRooms(em: Em, page: Page): Promise<Found<RoomListRow>> {
  return paged(
    em,
    {
      from: 'room r',
      where: EVERYTHING,
      select: 'r.id, r.code, r.building, r.capacity',
      orderBy: 'r.code, r.id',
    },
    page,
  );
}

/** A campus as lists name it. */
export interface CampusListRow {
  readonly id: Id;
  readonly code: string;
  readonly name: string;
  readonly zone: string;
}

/** Every campus, by code. */
export async function listCampuses(em: Em, page: Page): Promise<Found<CampusListRow>> {
  return paged(
    em,
    {
      from: 'campus ca',
      where: EVERYTHING,
      select: 'ca.id, ca.code, ca.name, ca.zone',
      orderBy: 'ca.code, ca.id',
    },
    page,
  );
}

/** A room with where it is; the parts of its place are null together. */
export interface PlacedRoomRow extends RoomListRow {
  readonly fence_lat: number | null;
  readonly fence_lng: number | null;
  readonly fence_radius_m: number | null;
  readonly fence_polygon: readonly Point[] | null;
  readonly version: number;
}

/** The rooms of a campus by building and code, with their places. */
export async function listPlacedRooms(
  em: Em,
  campusId: Id,
  page: Page,
): Promise<Found<PlacedRoomRow>> {
  return paged(
    em,
    {
      from: 'room r',
      where: { sql: 'r.campus_id = ?::uuid', parameters: [campusId] },
      select: `r.id, r.code, r.building, r.capacity, r.fence_lat, r.fence_lng, r.fence_radius_m,
        r.fence_polygon, r.version`,
      orderBy: 'r.building, r.code, r.id',
    },
    page,
  );
}

/** A weekly slot with its names. */
export interface SlotListRow {
  readonly id: Id;
  readonly course_section: Id;
  readonly course_code: string;
  readonly section_name: string;
  readonly faculty: Id;
  readonly room: string;
  readonly weekday: number;
  readonly start_time: string;
  readonly end_time: string;
  readonly valid_from: LocalDate;
  readonly valid_to: LocalDate;
  readonly component: Component;
  readonly units: number;
  readonly auto_generate: boolean;
  readonly auto_open: boolean;
  readonly is_active: boolean;
  readonly version: number;
}

/** Slots of the sections in scope, in the order of the week. */
export async function listSlots(
  em: Em,
  scope: Condition,
  courseSectionId: Id | undefined,
  page: Page,
): Promise<Found<SlotListRow>> {
  return paged(
    em,
    {
      from: `timetable_slot t join course_section cs on cs.id = t.course_section_id
        join course c on c.id = cs.course_id join room r on r.id = t.room_id`,
      where: {
        sql: `(?::uuid is null or cs.id = ?::uuid) and (${scope.sql})`,
        parameters: [courseSectionId ?? null, courseSectionId ?? null, ...scope.parameters],
      },
      select: `t.id, t.course_section_id as course_section, c.code as course_code, cs.section_name,
        t.faculty_id as faculty, r.code as room, t.weekday, to_char(t.start_time, 'HH24:MI') as start_time,
        to_char(t.end_time, 'HH24:MI') as end_time, t.valid_from, t.valid_to, t.component, t.units,
        t.auto_generate, t.auto_open, t.is_active, t.version`,
      orderBy: 't.weekday, t.start_time, c.code, cs.section_name, t.id',
    },
    page,
  );
}

/** A holiday; the times are null for a full day. */
export interface HolidayListRow {
  readonly id: Id;
  readonly held_on: LocalDate;
  readonly name: string;
  readonly from_time: string | null;
  readonly to_time: string | null;
  readonly affects_attendance: boolean;
}

/** Holidays of a range of dates, in order. */
export async function listHolidays(
  em: Em,
  range: { readonly from: LocalDate | undefined; readonly to: LocalDate | undefined },
  page: Page,
): Promise<Found<HolidayListRow>> {
  return paged(
    em,
    {
      from: 'holiday h',
      where: {
        sql: 'h.held_on >= coalesce(?::date, h.held_on) and h.held_on <= coalesce(?::date, h.held_on)',
        parameters: [range.from ?? null, range.to ?? null],
      },
      select: `h.id, h.held_on, h.name, to_char(h.from_time, 'HH24:MI') as from_time,
        to_char(h.to_time, 'HH24:MI') as to_time, h.affects_attendance`,
      orderBy: 'h.held_on, h.name, h.id',
    },
    page,
  );
}

const EVERYTHING: Condition = { sql: 'true', parameters: [] };

interface ListStatement {
  readonly from: string;
  readonly where: Condition;
  readonly select: string;
  readonly orderBy: string;
}

/** Two statements whatever the page: the count and the rows. */
async function paged<T extends object>(
  em: Em,
  { from, where, select, orderBy }: ListStatement,
  { page, pageSize }: Page,
): Promise<Found<T>> {
  const [total] = await rows<{ count: number }>(
    em,
    `select count(*)::int as count from ${from} where ${where.sql}`,
    where.parameters,
  );
  const results = await rows<T>(
    em,
    `select ${select} from ${from} where ${where.sql}
     order by ${orderBy} limit ?::int offset ?::int`,
    [...where.parameters, pageSize, (page - 1) * pageSize],
  );
  return { count: total?.count ?? 0, results };
}

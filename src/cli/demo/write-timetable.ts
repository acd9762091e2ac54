/** Writes the weekly timetable and generates the sessions from it. */
import { layWeek, type WeeklyClass } from '../../db/seeders/weekly-timetable.ts';
import { PERIODS, WEEKLY } from '../../db/seeders/catalogue.ts';
import { addDays } from '../../domain/timetable/plan-sessions.ts';
import type { Component } from '../../domain/types.ts';
import { createdEntry, EVERY_SECTION } from '../../operations/timetable/generate-sessions.ts';
import {
  insertSessions,
  prepareSessions,
  type GeneratedSession,
} from '../../operations/timetable/insert-sessions.ts';
import { loadPlan } from '../../operations/timetable/load-plan.ts';
import { bulkInsert } from './bulk-insert.ts';
import { HOUR_MS, idAt, SEED_ACTOR, type SeedContext } from './context.ts';
import type { SectionModel, University } from './university.ts';

interface WeeklyKey {
  readonly section: SectionModel;
  readonly component: Component;
  readonly periods: number;
}

/** Days of classes behind and ahead of today. */
const PAST_DAYS = 42;
const FUTURE_DAYS = 14;

/** Periods of a weekday; Saturday ends at noon. Four periods lie before noon. */
const WEEK = {
  periodsOf: (weekday: number): number => (weekday === 6 ? 4 : PERIODS.length),
  afternoonFrom: 4,
};

/** Lays the week of every section and writes its slots, valid for the semester. */
export async function writeTimetable(context: SeedContext, university: University): Promise<void> {
  const { semester } = university.calendar;
  const roomIds = new Map(university.rooms.map((room) => [room.seed.code, room.id]));
  const placed = layWeek(university.sections.flatMap(weekOf), WEEK, context.random);
  await bulkInsert(
    context.em,
    'timetable_slot',
    [
      ['id', 'uuid', () => idAt(context.random, Date.parse(semester.startsOn))],
      ['course_section_id', 'uuid', ({ key }) => key.section.id],
      ['faculty_id', 'uuid', (slot) => slot.teacher],
      ['room_id', 'uuid', (slot) => roomIds.get(slot.room)],
      ['weekday', 'int', (slot) => slot.weekday],
      ['start_time', 'time', (slot) => PERIODS[slot.period]?.[0]],
      ['end_time', 'time', (slot) => PERIODS[slot.period + slot.periods - 1]?.[1]],
      ['valid_from', 'date', () => semester.startsOn],
      ['valid_to', 'date', () => semester.endsOn],
      ['component', 'text', ({ key }) => key.component],
      ['units', 'int', (slot) => slot.periods],
    ],
    placed,
  );
}

function weekOf(section: SectionModel): WeeklyClass<WeeklyKey>[] {
  return WEEKLY.flatMap(({ component, classes, periods }) => {
    const isPractical = component === 'P';
    return Array.from({ length: classes }, () => ({
      key: { section, component, periods },
      section: section.id,
      group: section.group.batchId,
      teacher: (isPractical ? section.laboratoryTeacher : section.owner).id,
      room: isPractical ? section.department.seed.laboratory : section.group.seed.homeRoom,
      periods,
    }));
  });
}

/**
 * Generates the sessions of the past six weeks and the next two, as the route does, with ids and
 * audit events of the day the semester began.
 */
export async function writeSessions(context: SeedContext): Promise<GeneratedSession[]> {
  const { em, random, today, trail } = context;
  const plan = await loadPlan(em, EVERY_SECTION, {
    dateFrom: addDays(today, -PAST_DAYS),
    dateTo: addDays(today, FUTURE_DAYS),
  });
  const generatedAtMs = Date.parse(addDays(today, -PAST_DAYS - 1)) + HOUR_MS;
  const prepared = await prepareSessions(em, plan.planned, () => idAt(random, generatedAtMs));
  const sessions = await insertSessions(em, prepared, null);
  for (const session of sessions) trail.add(generatedAtMs, createdEntry(SEED_ACTOR, session));
  return sessions;
}

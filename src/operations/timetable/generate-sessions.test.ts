import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import {
  assignTeaching,
  makeBatch,
  makeCampus,
  makeCourse,
  makeDepartment,
  makeFaculty,
  makeRoom,
  makeSection,
  makeSemester,
} from '../../../test/factories.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/servers.ts';
import { chainStart, eventHash } from '../../audit/append-log.ts';
import * as entity from '../../db/entities/index.ts';
import { openOrm, rows, toInstant, type Em, type Orm } from '../../db/orm.ts';
import type { Id, SessionPolicy, SettingScope } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { SYSTEM_ACTOR } from '../ports.ts';
import { EVERY_SECTION, generateSessions } from './generate-sessions.ts';

const NOVEMBER = { dateFrom: '2026-11-01', dateTo: '2026-11-28', dryRun: false };

let database: TestDatabase;
let orm: Orm;
let em: Em;

beforeAll(async () => {
  database = await createTestDatabase();
  orm = await openOrm({ url: database.url, poolMax: 6 });
});

afterAll(async () => {
  await orm.close(true);
  await database.drop();
});

/** Generation seals nothing. */
const NO_SEALER = {
  seal: () => Promise.reject(new Error('nothing to seal')),
  open: () => Promise.reject(new Error('nothing to open')),
};

function operation(): Operation {
  return {
    em: orm.em.fork(),
    clock: { now: () => new Date() },
    ids: { next: () => v7() },
    sealer: NO_SEALER,
    actor: SYSTEM_ACTOR,
  };
}

interface Place {
  readonly campus: Id;
  readonly department: Id;
  readonly course: Id;
  readonly section: Id;
  readonly slot: Id;
}

/** A section with one class on Mondays at nine, in a campus of its own. */
async function mondayClass(zone = 'Asia/Kolkata'): Promise<Place> {
  em = orm.em.fork();
  const campus = await makeCampus(em, zone);
  const department = await makeDepartment(em, campus);
  await makeBatch(em, department);
  const course = await makeCourse(em, department);
  const semester = await makeSemester(em, { startsOn: '2026-07-01', endsOn: '2026-12-31' });
  const section = await makeSection(em, { course, semester, campus });
  const faculty = await makeFaculty(em, department);
  await assignTeaching(em, faculty.id, { courseSection: section }, { validFrom: '2026-07-01' });
  const room = await makeRoom(em, campus);
  const slot = v7();
  await em.insert(entity.TimetableSlot, {
    id: slot,
    courseSection: section,
    faculty: faculty.id,
    room: room.id,
    weekday: 1,
    startTime: '09:00',
    endTime: '09:50',
    validFrom: '2026-07-01',
    validTo: '2026-12-31',
    component: 'P',
    units: 2,
  });
  return { campus, department, course, section, slot };
}

async function holiday(campus: Id, heldOn: string): Promise<void> {
  await em.insert(entity.Holiday, { id: v7(), campus, heldOn, name: 'Founders Day' });
}

interface SessionRow {
  id: string;
  start_at: string;
  opens_at: string;
  closes_at: string;
  status: string;
  component: string;
  units: number;
  policy: SessionPolicy;
}

function sessionsOf(section: Id): Promise<SessionRow[]> {
  return rows<SessionRow>(
    orm.em.fork(),
    `select s.id, s.start_at, s.opens_at, s.closes_at, s.status, s.component, s.units, s.policy
     from attendance_session s join session_section x on x.session_id = s.id
     where x.course_section_id = ?::uuid order by s.start_at`,
    [section],
  );
}

describe('generateSessions', () => {
  it('creates three sessions at 09:00 local from four Mondays of which one is a holiday', async () => {
    const place = await mondayClass();
    await holiday(place.campus, '2026-11-16');

    const result = await generateSessions(operation(), EVERY_SECTION, {
      ...NOVEMBER,
      courseSectionId: place.section,
    });

    const made = await sessionsOf(place.section);
    expect(made.map((row) => toInstant(row.start_at))).toEqual([
      '2026-11-02T03:30:00.000Z',
      '2026-11-09T03:30:00.000Z',
      '2026-11-23T03:30:00.000Z',
    ]);
    expect(made[0]).toMatchObject({ status: 'scheduled', component: 'P', units: 2 });
    expect(new Set(result.created.map(({ id }) => id))).toEqual(new Set(made.map(({ id }) => id)));
    expect(result.skipped).toMatchObject([{ date: '2026-11-16', reason: 'holiday' }]);
  });

  it('creates nothing when repeated, and says that the sessions exist', async () => {
    const place = await mondayClass();
    const request = { ...NOVEMBER, courseSectionId: place.section };
    await generateSessions(operation(), EVERY_SECTION, request);

    const again = await generateSessions(operation(), EVERY_SECTION, request);

    expect(again.created).toEqual([]);
    expect(again.skipped.map(({ reason }) => reason)).toEqual(Array(4).fill('exists'));
    expect(await sessionsOf(place.section)).toHaveLength(4);
  });

  it('creates each session once when eight runs start at once', async () => {
    const place = await mondayClass();
    const request = { ...NOVEMBER, courseSectionId: place.section };

    const results = await Promise.all(
      Array.from({ length: 8 }, () => generateSessions(operation(), EVERY_SECTION, request)),
    );

    expect(results.flatMap(({ created }) => created)).toHaveLength(4);
    expect(await sessionsOf(place.section)).toHaveLength(4);
    for (const { created, skipped } of results) expect(created.length + skipped.length).toBe(4);
  });

  it('does not recreate a session that was moved away from its date', async () => {
    const place = await mondayClass();
    const request = { ...NOVEMBER, courseSectionId: place.section };
    await generateSessions(operation(), EVERY_SECTION, request);
    await rows(
      em,
      `update attendance_session set scheduled_date = '2026-11-10', start_at = start_at + interval '1 day',
         end_at = end_at + interval '1 day' where timetable_slot_id = ?::uuid and planned_date = '2026-11-09'`,
      [place.slot],
    );

    const again = await generateSessions(operation(), EVERY_SECTION, request);

    expect(again.created).toEqual([]);
  });

  it('writes nothing in a dry run and lists what it would create', async () => {
    const place = await mondayClass();

    const result = await generateSessions(operation(), EVERY_SECTION, {
      ...NOVEMBER,
      courseSectionId: place.section,
      dryRun: true,
    });

    expect(result.created.map(({ id, date }) => [id, date])).toEqual([
      [null, '2026-11-02'],
      [null, '2026-11-09'],
      [null, '2026-11-16'],
      [null, '2026-11-23'],
    ]);
    expect(await sessionsOf(place.section)).toEqual([]);
  });

  it('keeps the wall-clock time over the change of the clocks in Europe/Berlin', async () => {
    const place = await mondayClass('Europe/Berlin');

    await generateSessions(operation(), EVERY_SECTION, {
      dateFrom: '2026-10-18',
      dateTo: '2026-10-31',
      dryRun: false,
      courseSectionId: place.section,
    });

    const made = await sessionsOf(place.section);
    expect(made.map((row) => toInstant(row.start_at))).toEqual([
      '2026-10-19T07:00:00.000Z',
      '2026-10-26T08:00:00.000Z',
    ]);
  });

  it('copies the policy of the narrowest scope onto the session and its window', async () => {
    const place = await mondayClass();
    const setting = (name: string, scopeKind: 'campus' | 'section', scopeId: Id, value: number) =>
      em.insert(entity.Setting, { id: v7(), name, scopeKind, scopeId, value });
    await setting('ATTENDANCE_GRACE_PERIOD_MINUTES', 'campus', place.campus, 15);
    await setting('LATE_AFTER_MINUTES', 'section', place.section, 7);
    await setting('LATE_CAPTURE_MINUTES', 'section', place.section, 3);

    await generateSessions(operation(), EVERY_SECTION, {
      dateFrom: '2026-11-02',
      dateTo: '2026-11-02',
      dryRun: false,
      courseSectionId: place.section,
    });

    const [made] = await sessionsOf(place.section);
    expect(made?.policy.lateAfterMinutes).toBe(7);
    expect(toInstant(made?.opens_at ?? '')).toBe('2026-11-02T03:15:00.000Z');
    expect(toInstant(made?.closes_at ?? '')).toBe('2026-11-02T04:23:00.000Z');
  });

  it('knows a policy by type of session and type of course, the narrower one first', async () => {
    const place = await mondayClass();
    const [course] = await rows<{ course_id: Id }>(
      em,
      'select course_id from course_section where id = ?::uuid',
      [place.section],
    );
    await rows(em, "update course set kind = 'seminar' where id = ?::uuid", [course?.course_id]);
    const setting = (name: string, scopeKind: SettingScope, scopeId: string, value: unknown) =>
      em.insert(entity.Setting, { id: v7(), name, scopeKind, scopeId, value });
    await setting('MIN_DURATION_FOR_PRESENT_MINUTES', 'course_kind', 'seminar', 40);
    await setting('MIN_DURATION_FOR_PRESENT_MINUTES', 'course_kind', 'lab', 90);
    await setting('STAY_MODE', 'course_kind', 'seminar', 'first_last');
    await setting('LOCK_AFTER_HOURS', 'course_kind', 'seminar', 24);
    await setting('LOCK_AFTER_HOURS', 'component', 'P', 36);
    await setting('ABSENT_AFTER_MINUTES', 'component', 'L', 5);

    await generateSessions(operation(), EVERY_SECTION, {
      dateFrom: '2026-11-02',
      dateTo: '2026-11-02',
      dryRun: false,
      courseSectionId: place.section,
    });

    const [made] = await sessionsOf(place.section);
    expect(made?.policy).toMatchObject({
      minStayMinutes: 40,
      stayMode: 'first_last',
      lockAfterHours: 36,
      absentAfterMinutes: null,
    });
  });

  it('generates only the sections in scope', async () => {
    const mine = await mondayClass();
    const other = await mondayClass();

    await generateSessions(
      operation(),
      {
        sql: 'cs.course_id in (select id from course where department_id = ?::uuid)',
        parameters: [mine.department],
      },
      NOVEMBER,
    );

    expect(await sessionsOf(mine.section)).toHaveLength(4);
    expect(await sessionsOf(other.section)).toEqual([]);
  });

  it('starts the audit chain of every session with its creation', async () => {
    const place = await mondayClass();
    const { created } = await generateSessions(operation(), EVERY_SECTION, {
      ...NOVEMBER,
      courseSectionId: place.section,
    });

    const chains = created.map(({ id }) => `session:${id}`);
    const events = await rows<{ chain: string; seq: string; body: string; hash: string }>(
      em,
      'select chain, seq, body, hash from audit_event where chain = any(?::text[])',
      [chains],
    );
    expect(events.map(({ chain }) => chain).sort()).toEqual([...chains].sort());
    for (const { chain, seq, body, hash } of events) {
      expect(Number(seq)).toBe(1);
      expect(eventHash(chainStart(chain), body)).toBe(hash);
      expect(JSON.parse(body)).toMatchObject({ action: 'session.created', source: 'timetable' });
    }
  });

  it.each([
    ['an inverted range', '2026-11-28', '2026-11-01', 'range_inverted'],
    ['201 days', '2026-01-01', '2026-07-20', 'range_too_long'],
  ])('refuses %s', async (_name, dateFrom, dateTo, code) => {
    const attempt = generateSessions(operation(), EVERY_SECTION, {
      dateFrom,
      dateTo,
      dryRun: false,
    });

    await expect(attempt).rejects.toMatchObject({ code: 'validation_failed', errors: [{ code }] });
  });
});

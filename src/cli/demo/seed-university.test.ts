import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { moveDatabaseClock } from '../../../test/factories.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/servers.ts';
import { chainStart, eventHash } from '../../audit/append-log.ts';
import { loadEnvironment } from '../../config/env.ts';
import { rows, toInstant } from '../../db/orm.ts';
import type { ResolvableOperation } from '../../domain/attendance/operation.ts';
import { resolve } from '../../domain/attendance/resolver.ts';
import type { Id } from '../../domain/types.ts';
import { createDeps, operationFor, type Deps } from '../../deps.ts';
import { verifyRecords, type Difference } from '../../operations/records/verify-records.ts';
import { resolutionContext } from '../../operations/records/settle-records.ts';
import { findSessionRow } from '../../operations/sessions/session-row.ts';
import { SEED_ACTOR } from './context.ts';
import { writeGatewayFile } from './devices.ts';
import { SILENT_PROGRESS } from './progress.ts';
import { inspectDatabase, seedUniversity, type SeededUniversity } from './seed-university.ts';
import { topUp } from './top-up.ts';

let database: TestDatabase;
let deps: Deps;
let keyFolder: string;
let seeded: SeededUniversity;

beforeAll(async () => {
  database = await createTestDatabase();
  keyFolder = mkdtempSync(path.join(tmpdir(), 'seed-'));
  const environment = loadEnvironment(['database'], {
    KEY_FOLDER: keyFolder,
    DATABASE_URL: database.url,
    DATABASE_POOL_MAX: '4',
    TEST_CLOCK: '1',
    LOG_LEVEL: 'silent',
  });
  deps = await createDeps(environment);
  seeded = await seedUniversity(operation(), 'not-a-hash', SILENT_PROGRESS);
}, 60_000);

afterAll(async () => {
  await deps.close();
  await database.drop();
  rmSync(keyFolder, { recursive: true, force: true });
});

const operation = () => operationFor(deps, SEED_ACTOR);

function query<T extends object>(sql: string, parameters: readonly unknown[] = []): Promise<T[]> {
  return rows<T>(deps.orm.em.fork(), sql, parameters);
}

async function numberOf(sql: string): Promise<number> {
  const [row] = await query<{ n: number }>(`select (${sql})::int as n`);
  return row?.n ?? -1;
}

/** Moves both clocks to an instant in the future. */
async function moveTo(at: string): Promise<void> {
  await moveDatabaseClock(deps.orm.em.fork(), Date.parse(at) - Date.now());
  await deps.clock.refresh();
}

describe('seedUniversity', () => {
  it('makes the university of the issue, with marks for six weeks', async () => {
    const count = (table: string) => numberOf(`select count(*) from ${table}`);

    expect(await inspectDatabase(deps.orm.em.fork())).toBe('demo');
    expect(await count('department')).toBe(3);
    expect(await count('course')).toBe(12);
    expect(await count('course_section')).toBe(18);
    expect(await count('student')).toBe(400);
    expect(await count('faculty')).toBe(25);
    expect(await count('attendance_record')).toBeGreaterThan(20_000);
    expect(
      await numberOf(`select count(distinct role) from role_assignment where role <> 'gateway'`),
    ).toBe(8);
  });

  it('places its rooms, and asks positions in the strict hall alone, so that it works anywhere', async () => {
    expect(await numberOf('select count(*) from room where fence_radius_m is null')).toBe(0);
    const levels = await query<{ level: string; geofence: string; rooms: string[] }>(
      `select policy ->> 'presenceLevel' as level, policy ->> 'geofenceMode' as geofence,
         array_agg(distinct r.code order by r.code) as rooms
       from attendance_session s join room r on r.id = s.room_id group by 1, 2`,
    );
    expect(levels).toEqual([
      { level: 'standard', geofence: 'off', rooms: expect.not.arrayContaining(['S102']) },
    ]);
    const stored = await query(
      `select name, scope_kind, value, (select code from room where id::text = scope_id) as room
       from setting where name in ('GEOFENCE_MODE', 'PRESENCE_LEVEL') order by name, scope_kind`,
    );
    expect(stored).toEqual([
      { name: 'GEOFENCE_MODE', scope_kind: 'institution', value: 'off', room: null },
      { name: 'GEOFENCE_MODE', scope_kind: 'room', value: 'level', room: 'S102' },
      { name: 'PRESENCE_LEVEL', scope_kind: 'room', value: 'strict', room: 'S102' },
    ]);
    for (const address of ['127.0.0.1', '::1', '192.168.1.20', '10.1.2.3', 'fe80::1']) {
      const inside = `select count(*) from building_network where '${address}'::inet <<= network`;
      expect([address, await numberOf(inside)]).toEqual([address, 1]);
    }
    const abroad = "select count(*) from building_network where '203.0.113.7'::inet <<= network";
    expect(await numberOf(abroad)).toBe(0);
  });

  it('closes what is over and locks what was closed 72 hours ago', async () => {
    expect(
      await numberOf(`select count(*) from attendance_session
        where closes_at < app_clock() - interval '1 minute' and status not in ('closed', 'locked')`),
    ).toBe(0);
    expect(
      await numberOf(`select count(*) from attendance_session
        where (status = 'locked') <> (lock_due_at < app_clock() - interval '1 minute')
          and status in ('closed', 'locked')`),
    ).toBe(0);
    expect(
      await numberOf(
        `select count(*) from attendance_session where status = 'locked' and not taken`,
      ),
    ).toBe(1);
  });

  it('gives every student of a taken class exactly the record the resolver gives', async () => {
    const sessions = await query<{ id: Id }>(
      `select id from attendance_session where status in ('closed', 'locked')`,
    );
    let compared = 0;
    for (const { id } of sessions) compared += await compareSession(id);

    expect(compared).toBe(await numberOf('select count(*) from attendance_record'));
  });

  it('leaves nobody of a taken class without a record', async () => {
    expect(
      await numberOf(`select count(*) from attendance_session s
        join session_section x on x.session_id = s.id
        join enrolment e on e.course_section_id = x.course_section_id
          and e.valid_from <= s.scheduled_date and (e.valid_to is null or e.valid_to > s.scheduled_date)
        left join attendance_record r on r.session_id = s.id and r.student_id = e.student_id
        where s.taken and r.mark is null`),
    ).toBe(0);
  });

  it('chains every audit event without a gap, in the order of time', async () => {
    const events = await query<{
      chain: string;
      seq: string;
      at: string;
      body: string;
      prev_hash: string;
      hash: string;
    }>('select chain, seq, at, body, prev_hash, hash from audit_event order by chain, seq');
    let [chain, hash, seq, at] = ['', '', 0, ''];
    const heads = new Map<string, string>();
    for (const event of events) {
      if (event.chain !== chain)
        [chain, hash, seq, at] = [event.chain, chainStart(event.chain), 0, ''];
      if (Number(event.seq) !== seq + 1) throw new Error(`gap in ${chain} after ${seq}`);
      if (event.prev_hash !== hash) throw new Error(`broken link in ${chain} at ${event.seq}`);
      if (eventHash(hash, event.body) !== event.hash) throw new Error(`bad hash in ${chain}`);
      const instant = toInstant(event.at);
      if (instant < at) throw new Error(`${chain} goes back in time at ${event.seq}`);
      [hash, seq, at] = [event.hash, Number(event.seq), instant];
      heads.set(chain, `${seq} ${hash}`);
    }
    const stored = await query<{ chain: string; seq: string; hash: string }>(
      'select chain, seq, hash from audit_chain_head',
    );

    expect(events.length).toBeGreaterThan(50_000);
    expect(new Map(stored.map((head) => [head.chain, `${head.seq} ${head.hash}`]))).toEqual(heads);
  });

  it('has scans, marks without one and what deserves a look, for the teacher of the demo', async () => {
    const count = (table: string, where = 'true') =>
      numberOf(`select count(*) from ${table} where ${where}`);

    expect(await count('session_display')).toBeGreaterThan(5);
    expect(await count('presence_evidence')).toBeGreaterThan(200);
    expect(await count('presence_evidence', "verdict = 'accepted_flagged'")).toBeGreaterThan(0);
    // One of each in every section of the teacher.
    expect(await count('scan_refusal', 'other_student_id is not null')).toBe(3);
    expect(await count('head_count', "outcome = 'headcount_excess'")).toBe(3);
    expect(await count('device_binding', 'replaces_id is not null')).toBe(3);
    expect(
      await count('attendance_operation', "evidence ->> 'fallback' is not null"),
    ).toBeGreaterThan(10);
    // Whoever tries the demo registers a first phone.
    expect(
      await numberOf(`select count(*) from device_binding b join app_user u on u.id = b.user_id
        where u.email like '%@demo.campus' and u.email like 'student%'`),
    ).toBe(0);
    // Every accepted scan left its evidence, with its own phone, while its code was shown.
    expect(
      await numberOf(`select count(*) from attendance_operation o
        left join presence_evidence e on e.op_id = o.op_id
        left join session_display d on d.session_id = o.session_id
        left join device_binding b on b.device_key_id = o.device_key_id
          and b.valid_from <= o.eff_at and (b.valid_to is null or b.valid_to > o.eff_at)
        left join student st on st.id = o.student_id and st.user_id = b.user_id
        where o.source = 'qr' and (e.id is null or st.id is null or d.started_at > o.eff_at
          or (e.verdict = 'accepted_flagged') <> (o.flags = '{presence_flagged}')
          or o.rank <> case e.verdict when 'accepted' then 50 else 40 end)`),
    ).toBe(0);
  });

  it('agrees with the ledger where codes were shown, flags and contradictions too', async () => {
    const found: Difference[] = [];
    const from = new Date(Date.now() - 22 * 86_400_000).toISOString().slice(0, 10);

    const compared = await verifyRecords(deps.orm.em.fork(), { from }, (difference) =>
      found.push(difference),
    );

    expect(compared).toBeGreaterThan(50);
    expect(found).toEqual([]);
  });

  it('gives rooms, teachers and groups one class at a time', async () => {
    const clashes = (same: string) =>
      numberOf(`select count(*) from timetable_slot a join timetable_slot b
        on a.id < b.id and a.weekday = b.weekday and a.start_time < b.end_time
          and b.start_time < a.end_time and ${same}`);

    expect(await clashes('a.room_id = b.room_id')).toBe(0);
    expect(await clashes('a.faculty_id = b.faculty_id')).toBe(0);
    expect(
      await clashes(`exists (select 1 from enrolment e join enrolment f on f.student_id = e.student_id
        where e.course_section_id = a.course_section_id and f.course_section_id = b.course_section_id)`),
    ).toBe(0);
  });

  it('holds some students below 75 percent, student2 among them, and student above', async () => {
    const shares = await query<{ email: string; share: number }>(
      `select u.email, avg((r.mark in ('present', 'late'))::int)::float8 as share
       from attendance_record r join student st on st.id = r.student_id
       join app_user u on u.id = st.user_id group by 1`,
    );
    const shareOf = (email: string) => shares.find((row) => row.email === email)?.share ?? -1;

    expect(shareOf('student@demo.campus')).toBeGreaterThan(0.8);
    expect(shareOf('student2@demo.campus')).toBeLessThan(0.75);
    const weak = shares.filter(({ share }) => share < 0.75).length;
    expect(weak).toBeGreaterThan(10);
    expect(weak).toBeLessThan(60);
  });

  it('leaves requests waiting, each with an outbox row, and opens their sealed reasons', async () => {
    const waiting = await query<{ id: Id; reason_sealed: string }>(
      `select id, reason_sealed from leave_application where status = 'pending'`,
    );
    const first = waiting[0];
    if (!first) throw new Error('no pending leave');
    const place = { table: 'leave_application', column: 'reason_sealed', rowId: first.id };

    expect(waiting).toHaveLength(4);
    expect(await deps.sealer.open(place, first.reason_sealed)).toMatch(/\.$/);
    expect(await numberOf(`select count(*) from correction_request where status = 'pending'`)).toBe(
      3,
    );
    expect(await numberOf(`select count(*) from outbox where kind = 'start_case'`)).toBe(7);
  });

  it('writes the key of the gateway for its owner only', () => {
    const file = writeGatewayFile(keyFolder, seeded.university, seeded.devices);
    const written = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;

    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(Buffer.from(String(written['private_key']), 'base64url')).toHaveLength(32);
    expect(written['subjects']).toHaveLength(1);
  });
});

describe('topUp', () => {
  it.each([
    ['at once', 0, ''],
    ['a minute later on kept data', 1, ''],
    ['on a Sunday night', 6, 'T20:30:00.000Z'],
    ['in the middle of a Tuesday', 8, 'T05:17:31.000Z'],
    ['between two classes', 9, 'T04:24:10.000Z'],
    ['a month after the last start', 38, 'T23:59:59.000Z'],
  ])('leaves a class of faculty@ open within a minute, %s', async (name, days, time) => {
    const at =
      time === ''
        ? new Date(Date.now() + days * 60_000)
        : new Date(`${nextSunday(days - 6)}${time}`);
    if (name !== 'at once') await moveTo(at.toISOString());

    await topUp(operation());

    const open = await query<{ id: Id }>(
      `select s.id from attendance_session s join faculty f on f.id = s.faculty_id
       join app_user u on u.id = f.user_id
       join enrolment e on e.course_section_id = s.course_section_id
       join student st on st.id = e.student_id join app_user su on su.id = st.user_id
       where u.email = 'faculty@demo.campus' and su.email in ('student@demo.campus', 'student2@demo.campus')
         and s.opens_at <= app_clock() + interval '1 minute'
         and s.closes_at > app_clock() + interval '9 minutes'
         and s.status in ('scheduled', 'open')
         and exists (select 1 from outbox o where o.kind = 'start_session'
           and o.payload->>'sessionId' = s.id::text)`,
    );
    expect(open).toHaveLength(2);
    expect(
      await numberOf(`select count(*) from attendance_session s join faculty f on f.id = s.faculty_id
        join app_user u on u.id = f.user_id where u.email = 'faculty2@demo.campus'
        and s.opens_at between app_clock() and app_clock() + interval '7 minutes'`),
    ).toBeGreaterThanOrEqual(1);
  });

  it('adds nothing when repeated', async () => {
    const sessions = () => numberOf('select count(*) from attendance_session');
    const before = await sessions();

    const again = await topUp(operation());

    expect(again).toEqual({ generated: 0, running: null, opening: null });
    expect(await sessions()).toBe(before);
  });
});

/** The first Sunday from tomorrow on, plus some days. */
function nextSunday(plusDays: number): string {
  const now = new Date();
  const ahead = ((7 - now.getUTCDay()) % 7 || 7) + plusDays;
  return new Date(now.getTime() + ahead * 86_400_000).toISOString().slice(0, 10);
}

/** Resolves every student of a session anew and compares; gives the number of records. */
async function compareSession(id: Id): Promise<number> {
  const session = await findSessionRow(deps.orm.em.fork(), id);
  if (!session) throw new Error('the session vanished');
  const operations = await query<{
    op_id: Id;
    student_id: Id;
    kind: 'mark';
    mark: ResolvableOperation['mark'];
    rank: number;
    source: ResolvableOperation['source'];
    eff_at: string;
    base_op_id: Id | null;
    excuse_category: ResolvableOperation['excuseCategory'];
    flags: string[];
  }>('select * from attendance_operation where session_id = ?::uuid', [id]);
  const records = await query<{
    student_id: Id;
    mark: string | null;
    winner_op_id: Id | null;
    rank: number | null;
    arrival_at: string | null;
    excuse_category: string | null;
  }>('select * from attendance_record where session_id = ?::uuid', [id]);
  for (const record of records) {
    const own = operations
      .filter((op) => op.student_id === record.student_id)
      .map((op) => ({
        opId: op.op_id,
        studentId: op.student_id,
        kind: op.kind,
        mark: op.mark,
        rank: op.rank,
        source: op.source,
        effAtMs: Date.parse(toInstant(op.eff_at)),
        baseOpId: op.base_op_id,
        acks: [],
        targetOpId: null,
        excuseCategory: op.excuse_category,
        phase: 'entry' as const,
        flags: op.flags,
        outcome: 'admitted' as const,
        deviceKeyId: null,
      }));
    const expected = resolve(resolutionContext(session, record.student_id), own);
    expect({
      mark: record.mark,
      winner: record.winner_op_id,
      rank: record.rank,
      arrivalMs: record.arrival_at === null ? null : Date.parse(toInstant(record.arrival_at)),
      excuse: record.excuse_category,
    }).toEqual({
      mark: expected?.mark ?? null,
      winner: expected?.winnerOpId ?? null,
      rank: expected?.rank ?? null,
      arrivalMs: expected?.arrivalMs ?? null,
      excuse: expected?.excuseCategory ?? null,
    });
  }
  return records.length;
}

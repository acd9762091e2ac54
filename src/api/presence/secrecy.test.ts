/** Displayed codes, tickets and display tokens are in no answer that reads, and nowhere at rest. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { startTestApi, textOf, type ApiReply, type Json, type TestApi } from '../../../test/api.ts';
import { directWorkflows } from '../../../test/direct-workflows.ts';
import {
  assignMentor,
  campusDay,
  makeLeaveType,
  makeSession,
  makeUser,
  makeWorld,
  minutesFromNow,
  type World,
} from '../../../test/factories.ts';
import { findInDatabase } from '../../../test/find-in-database.ts';
import { makeScanner, type Scanner } from '../../../test/scanner.ts';
import { firstRow, rows } from '../../db/orm.ts';
import type { Id, Role } from '../../domain/types.ts';
import { sha256Hex } from '../../security/opaque-token.ts';

const ATTENDANCE = '/api/v1/attendance';

let api: TestApi;
let world: World;
let teacher: string;
let tokens: Map<Role, string>;
let phones: readonly [Scanner, Scanner];
/** The class whose codes are shown. */
let session: Id;
/** The reply that showed them. */
let shown: ApiReply;
let ticket: string;
/** An id for `{id}` by the beginning of the path, the longest first. */
let samples: readonly (readonly [string, Id])[];

beforeAll(async () => {
  const workflows = directWorkflows();
  api = await startTestApi({ workflows, variables: { RATE_LIMIT_SCALE: '100' } });
  workflows.connect(api.deps);
  world = await makeWorld(api.em());
  await assignMentor(api.em(), world.people.mentor.id, world.student.id);
  const gateway = await makeUser(api.em(), { roles: ['gateway'] });
  const emails: readonly [Role, string][] = [
    ['student', world.student.email],
    ['faculty', world.faculty.email],
    ['mentor', world.people.mentor.email],
    ['hod', world.people.hod.email],
    ['exam_cell', world.people.examCell.email],
    ['admin', world.people.admin.email],
    ['privacy_officer', world.people.privacyOfficer.email],
    ['auditor', world.people.auditor.email],
    ['gateway', gateway.email],
  ];
  tokens = new Map();
  for (const [role, email] of emails) tokens.set(role, await api.signIn(email));
  teacher = tokens.get('faculty') ?? '';
  await showAndScan();
  samples = await makeSamples();
}, 60_000);
afterAll(() => api.close());

const send = async (path: string, token: string, body: object): Promise<Json> => {
  const headers = { 'idempotency-key': v7() };
  const reply = await api.request('POST', `${ATTENDANCE}/${path}`, { token, body, headers });
  if (reply.status >= 300)
    throw new Error(`${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply.body;
};

/** Codes of both kinds are on the screen; two students scanned, one of them with the digits. */
async function showAndScan(): Promise<void> {
  session = await makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(-2),
    policy: { geofenceMode: 'off', selfEntryEnabled: true },
  });
  shown = await api.request('POST', `${ATTENDANCE}/sessions/${session}/generate-qr`, {
    token: teacher,
    body: { text_code: true },
  });
  const second = await api.signIn(world.students[1]?.email ?? '');
  phones = [await makeScanner(api, tokens.get('student') ?? ''), await makeScanner(api, second)];
  ticket = await phones[0].ticket(session);
  const codes = [{ qr_token: shown.body['qr_token'] }, { text_code: shown.body['text_code'] }];
  const scans = [
    await phones[0].scan(session, codes[0] ?? {}, { ticket }),
    await phones[1].scan(session, codes[1] ?? {}),
  ];
  expect(scans.map(({ status }) => status)).toEqual([201, 201]);
}

/** One of each thing that has a page of its own. */
async function makeSamples(): Promise<[string, Id][]> {
  const student = tokens.get('student') ?? '';
  const [one, , three] = world.students;
  const record = await firstRow<{ id: Id }>(
    api.em(),
    'select id from attendance_record where session_id = ?::uuid and student_id = ?::uuid',
    [session, one?.id],
  );
  const closed = await makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(-90),
    status: 'closed',
  });
  await send('records', teacher, { session: closed, student: one?.id, mark: 'absent' });
  const correction = await send('correction-requests', student, {
    session: closed,
    to_mark: 'present',
    reason: 'I was there',
  });
  await send('records', teacher, {
    session,
    student: one?.id,
    mark: 'absent',
    reason: 'the seat was empty',
  });
  const conflict = await firstRow<{ id: Id }>(
    api.em(),
    'select id from attendance_conflict where session_id = ?::uuid',
    [session],
  );
  const leave = await send('leave-applications', student, {
    leave_type: await makeLeaveType(api.em()),
    starts_at: `${campusDay(3)}T03:00:00Z`,
    ends_at: `${campusDay(3)}T12:00:00Z`,
    reason: 'fever',
  });
  const entry = await send('self-entries', await api.signIn(three?.email ?? ''), { session });
  await send(`sessions/${closed}/lock`, teacher, {});
  const unlock = await send('unlocks', teacher, { session: closed, hours: 2, reason: 'a slip' });
  const ids: [string, unknown][] = [
    [`${ATTENDANCE}/sessions`, session],
    [`${ATTENDANCE}/records`, record?.id],
    [`${ATTENDANCE}/conflicts`, conflict?.id],
    [`${ATTENDANCE}/leave-applications`, leave['id']],
    [`${ATTENDANCE}/correction-requests`, correction['id']],
    [`${ATTENDANCE}/self-entries`, entry['entry']],
    [`${ATTENDANCE}/unlocks`, unlock['id']],
    ['/api/v1/rooms', world.room.id],
    ['/api/v1/campuses', world.campus],
  ];
  return ids.map(([path, id]) => [path, textOf(id)]);
}

/** They name the secret members, and hold no data. */
const DESCRIPTIONS = ['/api/v1/openapi.json', '/api/v1/asyncapi.json'];

/** Every GET of the API's own description, with its parameters filled in. */
async function readingPaths(): Promise<{ template: string; path: string }[]> {
  const description = await api.request('GET', '/api/v1/openapi.json');
  const named: Readonly<Record<string, Id | undefined>> = {
    student_id: world.student.id,
    course_section_id: world.section,
    course_section: world.section,
  };
  return Object.entries(description.body['paths'] ?? {}).flatMap(([template, methods]) => {
    const get = methods['get'];
    if (!get || DESCRIPTIONS.includes(template)) return [];
    const sample = (name: string): string => {
      const id = samples.find(([start]) => template.startsWith(start))?.[1];
      const value = named[name] ?? (name === 'id' ? id : undefined);
      if (value === undefined) throw new Error(`there is no sample for {${name}} of ${template}`);
      return value;
    };
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) => sample(name));
    const query = Object.values(get['parameters'] ?? {}).filter(
      (parameter) =>
        JSON.stringify(parameter['in']) === '"query"' &&
        JSON.stringify(parameter['required']) === 'true',
    );
    const asked = query.map((parameter) => {
      const name = textOf(parameter['name']);
      return `${name}=${sample(name)}`;
    });
    return [{ template, path: asked.length === 0 ? path : `${path}?${asked.join('&')}` }];
  });
}

/** Every text in a value, with the member it is under. */
function textsIn(value: unknown, member = ''): [string, string][] {
  if (value === null || typeof value !== 'object') return [[member, String(value)]];
  return Object.entries(value).flatMap(([key, inner]) => [[key, ''], ...textsIn(inner, key)]);
}

const SECRET_MEMBERS = ['qr_token', 'text_code', 'display_token', 'ticket', 'svg', 'png'];

/** What of the secrets an answer shows: members that hold them, codes of the class by any name. */
async function secretsIn(reply: ApiReply): Promise<string[]> {
  const codes = await api.deps.presence.codes();
  const digits = textOf(shown.body['text_code']);
  const display = textOf(shown.body['display_token']);
  return textsIn(reply.body).flatMap(([member, text]) => {
    const words = text.split(/[^\w-]+/);
    const isCode = words.some((word) => codes.open(session, word).kind === 'opened');
    const isSecret =
      isCode || words.includes(digits) || words.includes(ticket) || text.includes(display);
    return SECRET_MEMBERS.includes(member) || isSecret ? [member] : [];
  });
}

describe('every answer that reads', () => {
  it('shows no code, ticket or display token, to any role, on any route of the description', async () => {
    const paths = await readingPaths();
    const leaks: string[] = [];
    const answered = new Set<string>();
    for (const { template, path } of paths) {
      for (const [role, token] of tokens) {
        const reply = await api.request('GET', path, { token });
        expect(`${role} ${path} ${reply.status < 500 || template === '/health'}`).toMatch(/true$/);
        if (reply.status === 200) answered.add(template);
        const found = await secretsIn(reply);
        if (found.length > 0) leaks.push(`${template} to ${role}: ${found.join(', ')}`);
      }
    }

    expect(leaks).toEqual([]);
    // An answer that refuses everybody would show nothing, and prove nothing.
    expect(paths.filter(({ template }) => !answered.has(template))).toEqual([]);
    expect(paths.length).toBeGreaterThan(40);
  }, 120_000);

  it('control: the same search finds them in the one reply that shows them', async () => {
    const found = await secretsIn(shown);

    expect(found).toEqual(expect.arrayContaining(['qr_token', 'text_code', 'display_token']));
    const renamed = { ...shown, body: { note: `see ${textOf(shown.body['qr_token'])}!` } };
    expect(await secretsIn(renamed as unknown as ApiReply)).toEqual(['note']);
  });
});

describe('the database', () => {
  it('holds none of them, in no column of any table', async () => {
    const secrets = [
      textOf(shown.body['qr_token']),
      textOf(shown.body['display_token']),
      ticket,
      `"${textOf(shown.body['text_code'])}"`,
    ];
    for (const secret of secrets) expect(await findInDatabase(api.em(), secret)).toEqual([]);
    // Control: the ticket's hash is kept, and the evidence of both scans.
    expect(await findInDatabase(api.em(), sha256Hex(ticket))).toEqual(['scan_ticket.secret_hash']);
    const kept = await rows(
      api.em(),
      'select via from presence_evidence where session_id = ?::uuid order by via',
      [session],
    );
    expect(kept).toEqual([{ via: 'qr' }, { via: 'text_code' }]);
  });
});

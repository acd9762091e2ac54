/** The integrity report, as those who teach a section read it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, textOf, type ApiReply, type TestApi } from '../../../test/api.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from '../../../test/factories.ts';
import { makeScanner, type Scanner } from '../../../test/scanner.ts';
import { firstRow, rows } from '../../db/orm.ts';
import type { Id, SessionPolicy } from '../../domain/types.ts';

let api: TestApi;
let world: World;
let teacher: string;
let admin: string;
let phone: Scanner;

beforeAll(async () => {
  api = await startTestApi({ variables: { RATE_LIMIT_SCALE: '100' } });
  world = await makeWorld(api.em(), { studentCount: 3 });
  teacher = await api.signIn(world.faculty.email);
  admin = await api.signIn(world.people.admin.email);
  phone = await makeScanner(api, await api.signIn(world.student.email));
});
afterAll(() => api.close());

const aClass = (policy: Partial<SessionPolicy> = {}): Promise<Id> =>
  makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(-2),
    policy,
  });
async function codeOf(session: Id): Promise<{ qr_token: string }> {
  const path = `/api/v1/attendance/sessions/${session}/generate-qr`;
  const reply = await api.request('POST', path, { token: teacher, body: {} });
  return { qr_token: textOf(reply.body['qr_token']) };
}
const report = (token: string, section = world.section): Promise<ApiReply> =>
  api.request('GET', `/api/v1/attendance/reports/integrity?course_section=${section}`, { token });

describe('the integrity report', () => {
  it('shows shared phones, refusals, flagged scans, gaps and fallbacks', async () => {
    const session = await aClass();
    const code = await codeOf(session);
    const sibling = world.students[1];
    if (!sibling) throw new Error('the world has a second student');
    await rows(
      api.em(),
      `insert into device_binding (id, device_key_id, user_id, status, slot, valid_from)
       select ?::uuid, id, ?::uuid, 'active', 2, app_clock() from device_key where jkt = ?`,
      [api.deps.ids.next(), sibling.userId, phone.device.jkt],
    );
    const borrowed = await makeScanner(api, await api.signIn(sibling.email), phone.device);
    await phone.scan(session, code);
    const second = await borrowed.scan(session, code);
    expect([second.status, second.body['code']]).toEqual([409, 'device_already_used']);
    await api.request('POST', `/api/v1/attendance/sessions/${session}/head-counts`, {
      token: teacher,
      body: { heads: 9 },
    });

    const found = await report(teacher);

    expect(found.status).toBe(200);
    expect(found.body).toMatchObject({
      refusals: [{ code: 'device_already_used', times: 1 }],
      sources: [{ source: 'qr', records: 1 }],
      shared_device_attempts: [{ session, student: sibling.id, other_student: world.student.id }],
      head_count_gaps: [{ session, heads: 9, marked: 1, outcome: 'headcount_short' }],
    });
    const alarm = await firstRow<{ body: string }>(
      api.em(),
      "select body from audit_event where action = 'security.device_shared'",
    );
    expect(alarm?.body).toContain(world.student.id);
  });

  it('is for those who teach the section', async () => {
    expect((await report(phone.token)).status).toBe(404);
    expect((await report(teacher, world.other.section)).status).toBe(404);
    expect((await report(admin)).status).toBe(200);
  });
});

/** What people were told: listed for them alone, marked as read. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { startTestApi, textOf, type TestApi } from '../../../test/api.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from '../../../test/factories.ts';
import type { Id } from '../../domain/types.ts';
import { notify, type Notice } from '../../operations/notifications/notify.ts';

const BASE = '/api/v1/me/notifications';

let api: TestApi;
let world: World;
let session: Id;
const tokens = new Map<string, string>();

beforeAll(async () => {
  api = await startTestApi();
  world = await makeWorld(api.em(), { studentCount: 2 });
  session = await makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(-5),
  });
  for (const email of [world.faculty.email, world.student.email]) {
    // oxlint-disable-next-line no-await-in-loop -- two of them
    tokens.set(email, await api.signIn(email));
  }
});
afterAll(() => api.close());

const tell = (...notices: Notice[]) =>
  api.em().transactional((em) => notify(em, api.deps.ids, notices));
const ask = (email: string, method: string, path = '') =>
  api.request(method, `${BASE}${path}`, { token: tokens.get(email) ?? '' });

describe('notifications', () => {
  it('are refused to nobody in particular', async () => {
    expect((await api.request('GET', BASE)).status).toBe(401);
  });

  it('are listed newest first with the names of their classes', async () => {
    const { userId, email } = world.faculty;
    const conflict = v7();
    await tell({
      userId,
      kind: 'marks_disagree',
      dedupeKey: 'one',
      payload: { session, student: world.student.id, conflict },
      mail: false,
    });
    await tell({
      userId,
      kind: 'conflict_digest',
      dedupeKey: 'two',
      payload: { date: '2026-11-23', total: 3, sessions: [{ session, conflicts: 3 }] },
      mail: true,
    });

    const { status, body } = await ask(email, 'GET');

    expect(status).toBe(200);
    expect(body).toMatchObject({
      count: 2,
      unread: 2,
      results: [
        { kind: 'conflict_digest', total: 3, sessions: [{ id: session, conflicts: 3 }] },
        {
          kind: 'marks_disagree',
          conflict,
          read_at: null,
          sessions: [
            {
              id: session,
              conflicts: null,
              start_time: expect.stringMatching(/^\d\d:\d\d$/),
              course_code: expect.any(String),
            },
          ],
        },
      ],
    });
    const page = await ask(email, 'GET', '?page_size=1');
    expect(page.body['next']).toContain('page=2');
  });

  it('are read one by one and all at once, and filtered by it', async () => {
    const { email } = world.faculty;
    const id = textOf((await ask(email, 'GET')).body['results']?.['0']?.['id']);

    expect((await ask(email, 'POST', `/${id}/read`)).body).toEqual({ unread: 1 });
    const first = (await ask(email, 'GET', '?unread=false')).body;
    expect((await ask(email, 'POST', `/${id}/read`)).body).toEqual({ unread: 1 });
    expect((await ask(email, 'GET', '?unread=false')).body).toEqual(first);
    expect(first).toMatchObject({ count: 1, unread: 1, results: [{ id }] });
    expect((await ask(email, 'GET', '?unread=true')).body).toMatchObject({ count: 1 });

    expect((await ask(email, 'POST', '/read-all')).body).toEqual({ unread: 0 });
    expect((await ask(email, 'GET', '?unread=true')).body).toMatchObject({ count: 0, results: [] });
  });

  it('of others do not exist', async () => {
    const id = textOf((await ask(world.faculty.email, 'GET')).body['results']?.['0']?.['id']);

    expect((await ask(world.student.email, 'GET')).body).toMatchObject({ count: 0, unread: 0 });
    expect((await ask(world.student.email, 'POST', `/${id}/read`)).status).toBe(404);
  });

  it('refuse a filter that is none', async () => {
    expect((await ask(world.student.email, 'GET', '?unread=maybe')).status).toBe(400);
  });
});

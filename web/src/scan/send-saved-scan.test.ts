import { describe, expect, it } from '@jest/globals';
import type { ApiClient } from '../api/client.ts';
import { ApiProblem, NoAnswer } from '../api/problem.ts';
import type { ApiRequest } from '../api/send.ts';
import type { MarkResult } from '../api/types.ts';
import type { SavedScan } from './saved-scans.ts';
import { isUndecided, sendSavedScan } from './send-saved-scan.ts';

const OFFLINE: SavedScan = {
  op_id: 'one',
  session: 'a class',
  student: 'a student',
  captured_at: '2026-08-14T04:32:07.000Z',
  captured_mono_ms: 5_000,
  boot_id: 'another page',
  qr_code: 'a code',
};
const SENT: SavedScan = { ...OFFLINE, ticket: 'a ticket' };

const resultOf = (status: MarkResult['status'], more: Partial<MarkResult> = {}): MarkResult => ({
  op_id: 'one',
  student: 'a student',
  status,
  code: null,
  detail: null,
  record: null,
  ...more,
});
const problem = (status: number, code: string) => new ApiProblem(status, { code, detail: code });

/** Sends a scan to a server that answers scans and syncs like this. */
async function send(scan: SavedScan, answers: { scan?: unknown; sync?: unknown }) {
  const seen: ApiRequest[] = [];
  const steps: string[] = [];
  const api = {
    request: async (request: ApiRequest) => {
      seen.push(request);
      const isSync = request.path.endsWith('/sync/');
      steps.push(isSync ? 'sync' : 'scan');
      const answer = await Promise.resolve(isSync ? answers.sync : answers.scan);
      if (answer instanceof Error) throw answer;
      return isSync ? { results: [answer] } : answer;
    },
  } as ApiClient;
  const forgetTicket = () => void steps.push('forget');
  const outcome = await sendSavedScan({ api, forgetTicket }, scan).catch((error: unknown) => error);
  return { outcome, steps, seen };
}

describe('a saved scan', () => {
  it('that was never sent goes as one made offline', async () => {
    const { outcome, steps, seen } = await send(OFFLINE, {
      sync: resultOf('needs_review', { detail: 'Your teacher is asked to confirm it.' }),
    });
    expect(steps).toEqual(['sync']);
    expect(outcome).toEqual({ kind: 'review', detail: 'Your teacher is asked to confirm it.' });
    const [sync] = seen;
    const ops = (sync?.body as { readonly ops: readonly object[] } | undefined)?.ops ?? [];
    expect(ops).toMatchObject([{ op_id: 'one', evidence: { qr_code: 'a code' } }]);
    // Its steady clock was of another page.
    expect(ops[0]).not.toHaveProperty('captured_mono_ms');
  });

  it('that the server took before its answer got lost is not sent a second way', async () => {
    const original = resultOf('applied');
    const { outcome, steps, seen } = await send(SENT, {
      scan: resultOf('duplicate', { original }),
    });
    expect(steps).toEqual(['scan']);
    expect(seen[0]).toMatchObject({
      idempotencyKey: 'one',
      body: { ticket: 'a ticket', qr_token: 'a code' },
    });
    expect(outcome).toEqual({ kind: 'taken' });
  });

  it('that the server never got goes as one made offline, once its code is too old', async () => {
    const { outcome, steps } = await send(SENT, {
      scan: problem(410, 'ticket_expired'),
      sync: resultOf('applied'),
    });
    expect(steps).toEqual(['scan', 'forget', 'sync']);
    expect(outcome).toEqual({ kind: 'taken' });
  });

  it('stays kept as it is while nothing is known of it', async () => {
    const away = await send(SENT, { scan: new NoAnswer(null) });
    expect(away).toMatchObject({ outcome: expect.any(NoAnswer), steps: ['scan'] });
    const busy = await send(SENT, { scan: problem(429, 'rate_limited') });
    expect(busy).toMatchObject({ outcome: { code: 'rate_limited' }, steps: ['scan'] });
    const foreign = await send(OFFLINE, { sync: problem(403, 'device_not_registered') });
    expect(foreign.outcome).toMatchObject({ code: 'device_not_registered' });
    expect((await send(OFFLINE, { sync: resultOf('retry') })).outcome).toEqual({ kind: 'again' });
  });

  it('stays kept as it is where the server takes it for that of another person', async () => {
    const another = problem(403, 'student_not_accepted');
    const repeated = await send(SENT, { scan: another });
    expect(repeated).toMatchObject({ outcome: another, steps: ['scan'] });
    const rejected = resultOf('rejected', { code: 'student_not_accepted', detail: 'Not yours.' });
    for (const sync of [another, rejected, resultOf('duplicate', { original: rejected })]) {
      const { outcome } = await send(OFFLINE, { sync });
      expect(outcome).toBeInstanceOf(ApiProblem);
      expect(outcome).toMatchObject({ code: 'student_not_accepted' });
    }
  });

  it('is refused with the words of the first refusal, also when they come as a repeat', async () => {
    const refusal = { code: 'stale_code', detail: 'The saved scan could not be used.' };
    const refused = resultOf('rejected', refusal);
    const expected = { kind: 'refused', refusal };
    expect((await send(OFFLINE, { sync: refused })).outcome).toEqual(expected);
    const unreadable = await send(OFFLINE, { sync: problem(400, 'validation_failed') });
    expect(unreadable.outcome).toMatchObject({
      kind: 'refused',
      refusal: { code: 'validation_failed' },
    });
    const repeated = resultOf('duplicate', { original: refused });
    expect((await send(OFFLINE, { sync: repeated })).outcome).toEqual(expected);
  });
});

describe('an answer', () => {
  it('leaves a scan undecided when it is none, a failure of the server or a dead sign-in', () => {
    for (const error of [
      new NoAnswer(null),
      new ApiProblem(502, null),
      problem(401, 'unauthenticated'),
    ]) {
      expect(isUndecided(error)).toBe(true);
    }
    for (const error of [problem(410, 'code_expired'), problem(429, 'too_many_attempts')]) {
      expect(isUndecided(error)).toBe(false);
    }
  });
});

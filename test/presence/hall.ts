/** A hall with phones for the proofs of presence: real HTTP, tickets by the hundred, a clock to set. */
import { createQrCodes, type QrCodes, type QrContent } from '../../src/security/qr-codes.ts';
import { qrMasters } from '../../src/security/qr-masters.ts';
import { newOpaqueToken, sha256Hex } from '../../src/security/opaque-token.ts';
import { firstRow, rows } from '../../src/db/orm.ts';
import type { Id, SessionPolicy } from '../../src/domain/types.ts';
import { startTestApi, textOf, type ApiReply, type TestApi } from '../api.ts';
import { makeDevice } from '../device.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from '../factories.ts';
import { makeScanner, type ScanChanges, type Scanner } from '../scanner.ts';

/** Length of a step in the proofs; the product's default. */
export const STEP_MS = 10_000;

/** A student and the phone in hand. */
export interface Phone extends Scanner {
  readonly studentId: Id;
  readonly userId: Id;
  readonly deviceKeyId: Id;
}

/** The running hall. */
export interface Hall {
  readonly api: TestApi;
  readonly world: World;
  readonly phones: readonly Phone[];
  /** The codes of this institution, and of another one with the same masters. */
  readonly codes: QrCodes;
  codesOf(tenantId: Id): QrCodes;
  /** A class that shows codes since its start. */
  openClass(policy?: Partial<SessionPolicy>): Promise<Id>;
  /** Tickets for many scans at once, written where `scan-tickets` writes them. */
  tickets(session: Id, phone: Phone, count: number): Promise<string[]>;
  /** Scans a token with a fresh ticket. */
  scan(session: Id, phone: Phone, token: string, changes?: ScanChanges): Promise<ApiReply>;
  /** The database's clock, Unix milliseconds. */
  now(): Promise<number>;
  /** Sets the clocks of process and database to an instant. */
  setClock(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** What a plain token says. */
export const plain = (step: number): QrContent => ({
  step,
  recheck: false,
  isStatic: false,
  exit: false,
});

/** Opens the hall; `process.env` names the servers. */
export async function openHall(phoneCount: number): Promise<Hall> {
  const api = await startTestApi({
    variables: { RATE_LIMIT_SCALE: '1000', DATABASE_POOL_MAX: '16' },
    checkReplies: false,
  });
  const world = await makeWorld(api.em(), { studentCount: phoneCount });
  const phones: Phone[] = [];
  for (const student of world.students) {
    const token = await api.signIn(student.email);
    const device = await makeDevice();
    const deviceKeyId = await device.register(api, token);
    const scanner = await makeScanner(api, token, device);
    phones.push({ ...scanner, deviceKeyId, studentId: student.id, userId: student.userId });
  }
  const codesOf = (tenantId: Id): QrCodes =>
    createQrCodes({
      tenantId,
      masters: () => qrMasters(api.deps.keys, api.deps.clock.now().getTime()),
    });
  const tickets: Hall['tickets'] = async (session, phone, count) => {
    const secrets = Array.from({ length: count }, newOpaqueToken);
    await rows(
      api.em(),
      `insert into scan_ticket (id, secret_hash, session_id, student_id, device_key_id, expires_at)
       select n.id, n.hash, ?::uuid, ?::uuid, ?::uuid, app_clock() + interval '90 seconds'
       from unnest(?::uuid[], ?::text[]) as n(id, hash)`,
      [
        session,
        phone.studentId,
        phone.deviceKeyId,
        secrets.map(() => api.deps.ids.next()),
        secrets.map(sha256Hex),
      ],
    );
    return secrets;
  };
  return {
    api,
    world,
    phones,
    codes: await api.deps.presence.codes(),
    codesOf,
    tickets,
    async openClass(policy = {}) {
      const session = await makeSession(api.em(), {
        campus: world.campus,
        courseSection: world.section,
        faculty: world.faculty.id,
        room: world.room.id,
        startAt: minutesFromNow(-10),
        policy: { geofenceMode: 'off', presenceLevel: 'open', ...policy },
      });
      await rows(
        api.em(),
        `insert into session_display (session_id, started_at, started_by_id, expires_at, mode)
         values (?::uuid, app_clock(), ?::uuid, app_clock() + interval '1 hour', 'rotating')`,
        [session, world.faculty.userId],
      );
      return session;
    },
    async scan(session, phone, token, changes = {}) {
      const [ticket] = changes.ticket === undefined ? await tickets(session, phone, 1) : [];
      const given = ticket === undefined ? {} : { ticket };
      return phone.scan(session, { qr_token: token }, { ...changes, ...given });
    },
    async now() {
      const row = await firstRow<{ ms: string }>(
        api.em(),
        'select (extract(epoch from app_clock()) * 1000)::bigint::text as ms',
      );
      return Number(row?.ms);
    },
    setClock: (ms) => api.moveClock(Math.round(ms - Date.now())),
    close: () => api.close(),
  };
}

/** The code of a refusal, or `accepted`. */
export function outcomeOf(reply: ApiReply): string {
  return reply.status < 300 ? 'accepted' : textOf(reply.body['code']);
}

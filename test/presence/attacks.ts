/** Attacks on presence, played against the real API: who gets marked without being in the room. */
import { v7 } from 'uuid';
import { firstRow, rows } from '../../src/db/orm.ts';
import type { SecurityLevel } from '../../src/domain/presence/risk.ts';
import { SHOWN_AFTER_MS } from '../../src/domain/presence/steps.ts';
import type { Id, SessionPolicy } from '../../src/domain/types.ts';
import { makeDevice } from '../device.ts';
import type { Dice } from '../order/dice.ts';
import { makeScanner, type ScanChanges } from '../scanner.ts';
import { outcomeOf, plain, STEP_MS, type Hall, type Phone } from './hall.ts';

/** What an attack came to. */
export type AttackEnd = 'passed' | 'passed, flagged' | 'refused';

/** One attempt in a class: the absent student's phone, and chance. */
interface Attempt {
  readonly hall: Hall;
  readonly session: Id;
  readonly absent: Phone;
  /** A friend who sits in the room. */
  readonly friend: Phone;
  readonly dice: Dice;
}

/** An attack by name. */
export interface Attack {
  readonly name: string;
  readonly play: (attempt: Attempt) => Promise<string>;
}

/** The room, and places of phones; six decimals differ from attempt to attempt. */
const ROOM = { lat: 17.385, lng: 78.4867 };
const placeNear = (dice: Dice, metresNorth: number) => ({
  lat: ROOM.lat + metresNorth / 111_195 + dice.below(200) / 1e6,
  lng: ROOM.lng + dice.below(200) / 1e6,
  accuracy_m: 8,
  fix_age_ms: 500,
  platform: 'web',
});
const inRoom = (dice: Dice) => placeNear(dice, 0);
const atHome = (dice: Dice) => placeNear(dice, 4_000);

/** The code that was on the screen so many milliseconds ago. */
async function codeSeen(hall: Hall, session: Id, agoMs: number): Promise<string> {
  const step = Math.floor(((await hall.now()) - agoMs - SHOWN_AFTER_MS) / STEP_MS);
  return hall.codes.seal(session, plain(step));
}

const scan = async (
  { hall, session, absent }: Attempt,
  agoMs: number,
  changes: ScanChanges = {},
): Promise<string> =>
  outcomeOf(await hall.scan(session, absent, await codeSeen(hall, session, agoMs), changes));

const photo = (seconds: number): Attack => ({
  name: `photo forwarded after ${seconds} s`,
  play: (attempt) => scan(attempt, seconds * 1_000, { body: { location: atHome(attempt.dice) } }),
});

/** Every attack of the issue, in the order it is published. */
export const ATTACKS: readonly Attack[] = [
  photo(5),
  photo(15),
  photo(30),
  photo(60),
  {
    name: 'live relay, 1 to 3 s behind, true position',
    play: (attempt) =>
      scan(attempt, 1_000 + attempt.dice.below(2_000), {
        body: { location: atHome(attempt.dice) },
      }),
  },
  {
    name: 'live relay, no position given',
    play: (attempt) => scan(attempt, 1_000 + attempt.dice.below(2_000)),
  },
  {
    name: 'live relay, position spoofed and admitted by the phone',
    play: (attempt) =>
      scan(attempt, 1_000 + attempt.dice.below(2_000), {
        body: { location: { ...inRoom(attempt.dice), mock: true } },
      }),
  },
  {
    name: 'live relay, position spoofed unseen',
    play: (attempt) =>
      scan(attempt, 1_000 + attempt.dice.below(2_000), {
        body: { location: inRoom(attempt.dice) },
      }),
  },
  {
    name: "a friend signs in as the absent student on the friend's phone",
    async play({ hall, session, absent, friend, dice }) {
      const scanner = await makeScanner(hall.api, absent.token, friend.device);
      const borrowed = { ...absent, ...scanner, deviceKeyId: friend.deviceKeyId };
      const body = { location: inRoom(dice) };
      return outcomeOf(
        await hall.scan(session, borrowed, await codeSeen(hall, session, 0), { body }),
      );
    },
  },
  {
    name: 'a shared phone, registered for both, marks a second student',
    async play({ hall, session, absent, friend, dice }) {
      const restore = await shareWith(hall, friend, absent);
      try {
        const code = await codeSeen(hall, session, 0);
        await hall.scan(session, friend, code, { body: { location: inRoom(dice) } });
        const scanner = await makeScanner(hall.api, absent.token, friend.device);
        const shared = { ...absent, ...scanner, deviceKeyId: friend.deviceKeyId };
        return outcomeOf(
          await hall.scan(session, shared, code, { body: { location: inRoom(dice) } }),
        );
      } finally {
        await restore();
      }
    },
  },
  {
    name: 'a second phone, registered anew for the absent student',
    async play({ hall, session, absent, dice }) {
      const device = await makeDevice();
      const restore = await rebindTo(hall, absent, device);
      try {
        const scanner = await makeScanner(hall.api, absent.token, device);
        const anew = { ...absent, ...scanner, deviceKeyId: await keyIdOf(hall, device.jkt) };
        const body = { location: inRoom(dice) };
        return outcomeOf(
          await hall.scan(session, anew, await codeSeen(hall, session, 0), { body }),
        );
      } finally {
        await restore();
      }
    },
  },
  {
    name: 'a captured request sent again in another class',
    async play({ hall, session, absent, dice }) {
      const elsewhere = await hall.openClass();
      const [ticket = ''] = await hall.tickets(elsewhere, absent, 1);
      const token = await codeSeen(hall, elsewhere, 0);
      const body = { location: inRoom(dice) };
      await absent.scan(elsewhere, { qr_token: token }, { ticket, body });
      return outcomeOf(await absent.scan(session, { qr_token: token }, { ticket, body }));
    },
  },
];

async function keyIdOf(hall: Hall, jkt: string): Promise<Id> {
  const row = await firstRow<{ id: Id }>(hall.api.em(), 'select id from device_key where jkt = ?', [
    jkt,
  ]);
  return row?.id ?? '';
}

/** Registers the friend's phone for the absent student as well, as a family's may be. */
async function shareWith(hall: Hall, friend: Phone, absent: Phone): Promise<() => Promise<void>> {
  return replaceBinding(hall, absent, friend.deviceKeyId, 2, null);
}

async function rebindTo(
  hall: Hall,
  absent: Phone,
  device: { readonly jkt: string; readonly publicKey: object },
): Promise<() => Promise<void>> {
  await rows(
    hall.api.em(),
    'insert into device_key (id, jkt, public_key) values (?::uuid, ?, ?::jsonb)',
    [v7(), device.jkt, JSON.stringify(device.publicKey)],
  );
  return replaceBinding(hall, absent, await keyIdOf(hall, device.jkt), 1, '24 hours');
}

/** Gives a student another binding and returns what undoes it. */
async function replaceBinding(
  hall: Hall,
  { userId, deviceKeyId }: Phone,
  newKeyId: Id,
  slot: number,
  pendingFor: string | null,
): Promise<() => Promise<void>> {
  const id = v7();
  await rows(
    hall.api.em(),
    "update device_binding set status = 'revoked', valid_to = app_clock() where user_id = ?::uuid and status <> 'revoked'",
    [userId],
  );
  await rows(
    hall.api.em(),
    `insert into device_binding (id, device_key_id, user_id, status, slot, valid_from, pending_until)
     values (?::uuid, ?::uuid, ?::uuid, ?, ?::int, app_clock(), app_clock() + ?::interval)`,
    [id, newKeyId, userId, pendingFor === null ? 'active' : 'pending', slot, pendingFor],
  );
  return async () => {
    await rows(hall.api.em(), 'delete from device_binding where id = ?::uuid', [id]);
    await rows(
      hall.api.em(),
      "update device_binding set status = 'active', valid_to = null where user_id = ?::uuid and device_key_id = ?::uuid",
      [userId, deviceKeyId],
    );
  };
}

/** Gives the room of the hall its place. */
export async function placeRoom(hall: Hall): Promise<void> {
  await rows(
    hall.api.em(),
    'update room set fence_lat = ?::float8, fence_lng = ?::float8, fence_radius_m = 60 where id = ?::uuid',
    [ROOM.lat, ROOM.lng, hall.world.room.id],
  );
}

/** Plays an attack so many times at a level, each in a class of its own. */
export async function playAttack(
  hall: Hall,
  attack: Attack,
  {
    level,
    times,
    dice,
    policy = {},
  }: {
    readonly level: SecurityLevel;
    readonly times: number;
    readonly dice: Dice;
    readonly policy?: Partial<SessionPolicy>;
  },
): Promise<Record<AttackEnd, number>> {
  const ends: Record<AttackEnd, number> = { passed: 0, 'passed, flagged': 0, refused: 0 };
  for (let time = 0; time < times; time += 1) {
    const session = await hall.openClass({
      presenceLevel: level,
      geofenceMode: 'level',
      ...policy,
    });
    // Attempts follow each other quickly: each starts at a moment of a step of its own.
    await hall.setClock(Date.now() + dice.below(STEP_MS));
    const absent = phoneAt(hall, 2 * time);
    const friend = phoneAt(hall, 2 * time + 1);
    const outcome = await attack.play({ hall, session, absent, friend, dice });
    ends[await endOf(hall, session, absent, outcome)] += 1;
    // A class that is over overlaps no other one of the same student.
    await rows(
      hall.api.em(),
      "update attendance_session set status = 'cancelled' where status = 'open'",
    );
  }
  return ends;
}

function phoneAt(hall: Hall, index: number): Phone {
  const phone = hall.phones[index % hall.phones.length];
  if (!phone) throw new Error('the hall has no phones');
  return phone;
}

async function endOf(
  hall: Hall,
  session: Id,
  { studentId }: Phone,
  outcome: string,
): Promise<AttackEnd> {
  const record = await firstRow<{ rank: number }>(
    hall.api.em(),
    `select rank from attendance_record
     where session_id = ?::uuid and student_id = ?::uuid and mark is not null`,
    [session, studentId],
  );
  if (!record) return 'refused';
  if (outcome !== 'accepted') throw new Error(`marked although the answer was ${outcome}`);
  return record.rank >= 50 ? 'passed' : 'passed, flagged';
}

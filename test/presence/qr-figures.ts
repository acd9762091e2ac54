/** The figures of presence.md section 12, each a function that counts what must not happen. */
import { v7 } from 'uuid';
import { rows } from '../../src/db/orm.ts';
import { SHOWN_AFTER_MS } from '../../src/domain/presence/steps.ts';
import type { Id, SessionPolicy } from '../../src/domain/types.ts';
import { shuffle, type Dice } from '../order/dice.ts';
import { makeScanner } from '../scanner.ts';
import { outcomeOf, plain, STEP_MS, type Hall, type Phone } from './hall.ts';

/** What one figure came to. */
export interface Figure {
  readonly name: string;
  readonly tried: number;
  /** How often the rule did not hold; 0 is the target. */
  readonly broken: number;
  /** Outcomes by code. */
  readonly outcomes: ReadonlyMap<string, number>;
}

/** Counts outcomes and those that the rule does not allow. */
function tally(name: string) {
  const outcomes = new Map<string, number>();
  let [tried, broken] = [0, 0];
  const add = (outcome: string, isAllowed: boolean): void => {
    tried += 1;
    if (!isAllowed) broken += 1;
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  };
  return { add, figure: (): Figure => ({ name, tried, broken, outcomes }) };
}

const phoneAt = (hall: Hall, index: number): Phone => {
  const phone = hall.phones[index % hall.phones.length];
  if (!phone) throw new Error('the hall has no phones');
  return phone;
};

const stepOf = (ms: number): number => Math.floor(ms / STEP_MS);

/** Figure 1: every byte of the token and of what it is bound to, flipped one at a time. */
export async function flippedBytes(hall: Hall): Promise<Figure> {
  const { add, figure } = tally('flipped bytes of token and binding');
  const session = await hall.openClass();
  const tenant = hall.world.institution;
  const refused = ['code_invalid', 'code_malformed'];
  let turn = 0;
  const send = async (token: string): Promise<void> => {
    const outcome = outcomeOf(await hall.scan(session, phoneAt(hall, (turn += 1)), token));
    add(outcome, refused.includes(outcome));
  };
  for (let place = 0; place < 43; place += 1) {
    const step = stepOf(await hall.now());
    const bytes = Buffer.from(hall.codes.seal(session, plain(step)), 'base64url');
    bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << (place % 8)), place);
    await send(bytes.toString('base64url'));
  }
  for (let place = 0; place < 16; place += 1) {
    const step = stepOf(await hall.now());
    await send(hall.codes.seal(flippedId(session, place), plain(step)));
    await send(hall.codesOf(flippedId(tenant, place)).seal(session, plain(step)));
  }
  return figure();
}

function flippedId(id: Id, place: number): Id {
  const bytes = Buffer.from(id.replaceAll('-', ''), 'hex');
  bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place);
  const hex = bytes.toString('hex');
  return [8, 12, 16, 20].reduceRight((text, at) => `${text.slice(0, at)}-${text.slice(at)}`, hex);
}

/** Figure 1: codes of other steps and classes, and what was used before. */
export async function wrongCodes(hall: Hall, rounds: number): Promise<Figure> {
  const { add, figure } = tally('expired, future, foreign and reused codes');
  const [session, other] = [await hall.openClass(), await hall.openClass()];
  for (let round = 0; round < rounds; round += 1) {
    const phone = phoneAt(hall, round);
    const step = stepOf(await hall.now());
    const expect = async (token: string, code: string): Promise<void> => {
      const outcome = outcomeOf(await hall.scan(session, phone, token));
      add(outcome, outcome === code);
    };
    await expect(hall.codes.seal(session, plain(step - 2 - round)), 'code_expired');
    await expect(hall.codes.seal(session, plain(step + 2 + round)), 'code_future');
    await expect(hall.codes.seal(other, plain(step)), 'code_invalid');
    const [ticket = ''] = await hall.tickets(session, phone, 1);
    const good = hall.codes.seal(session, plain(stepOf(await hall.now())));
    await hall.scan(session, phone, good, { ticket });
    const reused = outcomeOf(await hall.scan(session, phone, good, { ticket }));
    add(reused, reused === 'ticket_used');
  }
  return figure();
}

/** Figure 2: so many scans at once by two students of one registered phone; one student is marked. */
export async function sharedPhone(
  hall: Hall,
  dice: Dice,
  { rounds, scans }: { readonly rounds: number; readonly scans: number },
): Promise<Figure> {
  const { add, figure } = tally(`${scans} scans at once by two students of one phone`);
  const holders = await holdersOfOnePhone(hall, 2);
  for (let round = 0; round < rounds; round += 1) {
    const session = await hall.openClass();
    const half = Math.ceil(scans / 2);
    const sends = (
      await Promise.all(
        holders.map(async (phone) =>
          (await hall.tickets(session, phone, half)).map((ticket) => ({ phone, ticket })),
        ),
      )
    ).flat();
    const code = { qr_token: hall.codes.seal(session, plain(stepOf(await hall.now()))) };
    const replies = await Promise.all(
      shuffle(dice, sends).map(({ phone, ticket }) => phone.scan(session, code, { ticket })),
    );
    const outcomes = new Set(replies.map(outcomeOf));
    const students = await markedStudents(hall, session);
    const isPure = [...outcomes].every((code) => SHARED_OUTCOMES.includes(code));
    add(`${students} marked: ${[...outcomes].sort().join(', ')}`, students === 1 && isPure);
  }
  return figure();
}

const SHARED_OUTCOMES = ['accepted', 'device_already_used'];

/** Figure 2: three students of one phone scan at once, each with a ticket; one of them is marked. */
export async function threeOnOnePhone(hall: Hall, rounds: number): Promise<Figure> {
  const { add, figure } = tally('three students of one phone at once');
  const holders = await holdersOfOnePhone(hall, 3);
  for (let round = 0; round < rounds; round += 1) {
    const session = await hall.openClass();
    const token = hall.codes.seal(session, plain(stepOf(await hall.now())));
    const replies = await Promise.all(holders.map((phone) => hall.scan(session, phone, token)));
    const outcomes = replies.map(outcomeOf).sort().join(', ');
    const holds = outcomes === 'accepted, device_already_used, device_already_used';
    add(outcomes, holds && (await markedStudents(hall, session)) === 1);
  }
  return figure();
}

async function markedStudents(hall: Hall, session: Id): Promise<number> {
  const found = await rows(
    hall.api.em(),
    `select distinct student_id from attendance_operation
     where session_id = ?::uuid and outcome = 'admitted' and source = 'qr'`,
    [session],
  );
  return found.length;
}

/** A phone registered for several students, as a family's may be, in the hands of each. */
async function holdersOfOnePhone(hall: Hall, count: number): Promise<Phone[]> {
  const owner = phoneAt(hall, 0);
  const holders = [owner];
  for (let slot = 2; slot <= count; slot += 1) {
    const sibling = phoneAt(hall, slot - 1);
    await bindAlso(hall, owner.deviceKeyId, sibling.userId, slot);
    const scanner = await makeScanner(hall.api, sibling.token, owner.device);
    holders.push({ ...sibling, ...scanner, deviceKeyId: owner.deviceKeyId });
  }
  return holders;
}

async function bindAlso(hall: Hall, deviceKeyId: Id, userId: Id, slot: number): Promise<void> {
  const em = hall.api.em();
  await rows(
    em,
    "update device_binding set status = 'revoked', valid_to = app_clock() where user_id = ?::uuid",
    [userId],
  );
  await rows(
    em,
    `insert into device_binding (id, device_key_id, user_id, status, slot, valid_from)
     values (?::uuid, ?::uuid, ?::uuid, 'active', ?::int, app_clock())`,
    [v7(), deviceKeyId, userId, slot],
  );
}

/** Figure 2: so many scans at once with one ticket; one of them has it. */
export async function oneTicket(hall: Hall, scans: number): Promise<Figure> {
  const { add, figure } = tally(`${scans} scans at once with one ticket`);
  const session = await hall.openClass();
  const phone = phoneAt(hall, 2);
  const [ticket = ''] = await hall.tickets(session, phone, 1);
  const code = { qr_token: hall.codes.seal(session, plain(stepOf(await hall.now()))) };
  const replies = await Promise.all(
    Array.from({ length: scans }, () => phone.scan(session, code, { ticket })),
  );
  const outcomes = Map.groupBy(replies.map(outcomeOf), (outcome) => outcome);
  const [accepted, used] = [outcomes.get('accepted') ?? [], outcomes.get('ticket_used') ?? []];
  const holds = accepted.length === 1 && used.length === scans - 1;
  add(`${accepted.length} accepted, ${used.length} ticket_used`, holds);
  return figure();
}

/**
 * Figure 3: honest scans. The code is on the screen at a random moment of its display, the answer
 * takes up to 3 s to arrive, and the phone's clock is up to 24 h off.
 */
export async function honestScans(hall: Hall, dice: Dice, count: number): Promise<Figure> {
  const { add, figure } = tally('honest scans: up to 3 s of delay, clocks off by up to 24 h');
  const session = await hall.openClass();
  for (let scan = 0; scan < count; scan += 1) {
    if (scan % 20 === 0) await hall.setClock(Date.now() + dice.below(30_000));
    const seenMs = (await hall.now()) - dice.below(3_001);
    const token = hall.codes.seal(session, plain(stepOf(seenMs - SHOWN_AFTER_MS)));
    const offMs = dice.below(2 * DAY_MS) - DAY_MS;
    const outcome = outcomeOf(
      await hall.scan(session, phoneAt(hall, 2 + dice.below(hall.phones.length - 2)), token, {
        issuedAtMs: Date.now() + offMs,
      }),
    );
    add(outcome, outcome === 'accepted');
  }
  await hall.setClock(Date.now());
  return figure();
}

const DAY_MS = 86_400_000;

/**
 * Figure 4: a code sent so many seconds after it left the screen is accepted below 9 s and refused
 * from there on.
 * @param policy  rules of the steps; the control lengthens them
 */
export async function forwardedCodes(
  hall: Hall,
  seconds: readonly number[],
  policy: Partial<SessionPolicy> = {},
): Promise<Figure> {
  const { add, figure } = tally('codes forwarded after they left the screen');
  const session = await hall.openClass(policy);
  for (const after of seconds) {
    const step = stepOf(Date.now());
    const token = hall.codes.seal(session, plain(step));
    const leftMs = (step + 1) * STEP_MS + SHOWN_AFTER_MS;
    const phone = phoneAt(hall, 3);
    const [ticket = ''] = await ticketAt(hall, session, phone, leftMs + after * 1_000);
    const outcome = outcomeOf(await phone.scan(session, { qr_token: token }, { ticket }));
    add(`${after} s: ${outcome}`, outcome === (after < 9 ? 'accepted' : 'code_expired'));
  }
  await hall.setClock(Date.now());
  return figure();
}

/** A ticket made just before an instant, and the clock set to it. */
async function ticketAt(hall: Hall, session: Id, phone: Phone, ms: number): Promise<string[]> {
  await hall.setClock(ms - 5_000);
  const tickets = await hall.tickets(session, phone, 1);
  await hall.setClock(ms);
  return tickets;
}

/** Figure 5: a whole hall within five seconds, each answered within one. */
export async function wholeHall(hall: Hall): Promise<Figure> {
  const { add, figure } = tally(`${hall.phones.length} students of one class within 5 s`);
  const session = await hall.openClass();
  const phones = hall.phones.slice(2);
  const tickets = await Promise.all(phones.map((phone) => hall.tickets(session, phone, 1)));
  const token = hall.codes.seal(session, plain(stepOf(await hall.now())));
  const replies = await Promise.all(
    phones.map(async (phone, index) => {
      await new Promise((done) => setTimeout(done, (index / phones.length) * 4_000));
      const [ticket = ''] = tickets[index] ?? [];
      const startedMs = performance.now();
      const reply = await phone.scan(session, { qr_token: token }, { ticket });
      return { reply, tookMs: performance.now() - startedMs };
    }),
  );
  for (const { reply, tookMs } of replies) {
    const isQuick = tookMs < 1_000;
    add(isQuick ? outcomeOf(reply) : 'late answer', isQuick && outcomeOf(reply) === 'accepted');
  }
  const records = await markedStudents(hall, session);
  add(`${records} records`, records === phones.length);
  return figure();
}

/**
 * Blinds the database to claims of devices: each is forgotten as soon as it is written. For the
 * control of figure 2, which must then see two students marked by one phone.
 */
export async function forgetClaims(hall: Hall): Promise<void> {
  const em = hall.api.em();
  await rows(
    em,
    `create function forget_claim() returns trigger language plpgsql as $$
     begin delete from session_device_claim c where c.session_id = new.session_id; return null; end $$`,
  );
  await rows(
    em,
    `create trigger forget_claim after insert or update on session_device_claim
     for each row execute function forget_claim()`,
  );
}

/** What the phones of a crowd send: tickets first, then scans of the code that is on the screen. */
import { v7 } from 'uuid';
import type { Id } from '../../src/domain/types.ts';
import type { QrCodes } from '../../src/security/qr-codes.ts';
import { ROOM_PLACE, type Member } from '../../test/presence/crowd.ts';
import type { Planned, Sender } from './open-loop.ts';

const SCAN = '/api/v1/attendance/records/qr-scan';
const STEP_MS = 10_000;
/** A screen shows a code a second after its step begins. */
const SHOWN_AFTER_MS = 1_000;

/** A student about to scan. */
export interface Holder {
  readonly member: Member;
  readonly session: Id;
  readonly ticket: string;
}

/** Opens the scanner on every phone, as fast as the server answers. @throws Error without a ticket */
export async function openScanners(
  sender: Sender,
  baseUrl: string,
  members: readonly Member[],
  sessions: readonly Id[],
): Promise<{ readonly holders: readonly Holder[]; readonly perSecond: number }> {
  const nonce = await freshNonce(baseUrl, members[0]);
  const asked = await Promise.all(
    members.map(async (member) => {
      const session = sessions[member.section] ?? '';
      const path = `/api/v1/attendance/sessions/${session}/scan-tickets`;
      const url = `${baseUrl}${path}`;
      const dpop = await member.device.sign({ method: 'POST', url, token: member.token, nonce });
      const headers = { authorization: `Bearer ${member.token}`, dpop };
      return { member, session, request: { path, headers, body: '' } };
    }),
  );
  const tickets: string[] = [];
  const { tookMs } = await sender.closedLoop(
    asked.map(({ request }) => request),
    128,
    (index, body) => {
      const { ticket } = JSON.parse(body) as { ticket?: string };
      if (!ticket) throw new Error(`a scanner did not open: ${body}`);
      tickets[index] = ticket;
    },
  );
  const holders = asked.map(({ member, session }, index) => ({
    member,
    session,
    ticket: tickets[index] ?? '',
  }));
  return { holders, perSecond: Math.round((asked.length * 1_000) / tookMs) };
}

async function freshNonce(baseUrl: string, member: Member | undefined): Promise<string> {
  const reply = await fetch(`${baseUrl}/api/v1/me`, {
    headers: { authorization: `Bearer ${member?.token}` },
  });
  const nonce = reply.headers.get('dpop-nonce');
  if (!nonce) throw new Error(`no nonce: ${reply.status} ${await reply.text()}`);
  return nonce;
}

/**
 * Makes each holder's scan, signed ahead: of the code that is on the screen at the moment it will be
 * sent, standing in the room.
 */
export function signScans(
  codes: QrCodes,
  baseUrl: string,
  holders: readonly Holder[],
  sendAtMs: (index: number) => number,
): Promise<Planned[]> {
  // A screen shows one token a step, and the whole class reads it.
  const tokens = new Map<string, string>();
  const shownAt = (session: Id, ms: number): string => {
    const step = Math.floor((ms - SHOWN_AFTER_MS) / STEP_MS);
    const name = `${session}|${step}`;
    const token =
      tokens.get(name) ??
      codes.seal(session, { step, recheck: false, isStatic: false, exit: false });
    tokens.set(name, token);
    return token;
  };
  return Promise.all(
    holders.map(async ({ member, session, ticket }, index) => {
      const body = JSON.stringify({
        session,
        ticket,
        qr_token: shownAt(session, sendAtMs(index)),
        location: {
          // No two phones stand on the same spot: a repeated position is a sign of its own.
          lat: ROOM_PLACE.lat + ((index % 400) - 200) * 1e-6,
          lng: ROOM_PLACE.lng + (Math.floor(index / 400) - 50) * 1e-6,
          accuracy_m: 12,
          fix_age_ms: 800,
          platform: 'web',
        },
      });
      const url = `${baseUrl}${SCAN}`;
      const proven = { method: 'POST', url, token: member.token, body, nonce: ticket };
      return {
        path: SCAN,
        headers: {
          authorization: `Bearer ${member.token}`,
          'content-type': 'application/json',
          'idempotency-key': v7(),
          dpop: await member.device.sign(proven),
        },
        body,
      };
    }),
  );
}

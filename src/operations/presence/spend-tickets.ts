/** Scan tickets: locked, used once, and dead after the fifth wrong code (presence.md section 3). */
import { type Em, preparedRows, toInstant, toInstantOrNull } from '../../db/orm.ts';
import {
  ATTEMPTS_MAX,
  isRefused,
  type ScanRefusal,
  type TicketFacts,
} from '../../domain/presence/judge-scan.ts';
import type { Id } from '../../domain/types.ts';
import { acceptedOf, type Candidate, type Scan } from './scan.ts';

/** A ticket as it is stored. */
export interface StoredTicket {
  readonly id: Id;
  readonly sessionId: Id;
  readonly studentId: Id;
  readonly deviceKeyId: Id;
  readonly issuedMs: number;
  readonly expiresMs: number;
  readonly isUsed: boolean;
  readonly attempts: number;
}

/** Locks the tickets, ascending, so that guesses on one ticket take turns and are all counted. */
export async function lockTickets(
  em: Em,
  scans: readonly Scan[],
): Promise<Map<string, StoredTicket>> {
  const hashes = scans.flatMap(({ ticketHash }) => ticketHash ?? []);
  const found = await preparedRows<{
    id: Id;
    secret_hash: string;
    session_id: Id;
    student_id: Id;
    device_key_id: Id;
    issued_at: string;
    expires_at: string;
    used_at: string | null;
    attempts: number;
  }>(
    em,
    `select id, secret_hash, session_id, student_id, device_key_id, issued_at, expires_at, used_at,
       attempts
     from scan_ticket where secret_hash = any(?::text[]) order by id for update`,
    [hashes],
  );
  return new Map(
    found.map((row) => [
      row.secret_hash,
      {
        id: row.id,
        sessionId: row.session_id,
        studentId: row.student_id,
        deviceKeyId: row.device_key_id,
        issuedMs: Date.parse(toInstant(row.issued_at)),
        expiresMs: Date.parse(toInstant(row.expires_at)),
        isUsed: toInstantOrNull(row.used_at) !== null,
        attempts: row.attempts,
      },
    ]),
  );
}

/** A stored ticket against the scan that names it. */
export function ticketFacts(ticket: StoredTicket, scan: Scan, deviceKeyId: Id | null): TicketFacts {
  return {
    fits:
      ticket.sessionId === scan.sessionId &&
      ticket.studentId === scan.studentId &&
      ticket.deviceKeyId === deviceKeyId,
    used: ticket.isUsed,
    attempts: ticket.attempts,
    issuedMs: ticket.issuedMs,
    expiresMs: ticket.expiresMs,
  };
}

const ticketUsed: ScanRefusal = {
  code: 'ticket_used',
  detail: 'This scan was already sent. Check your record.',
  countsAsAttempt: false,
};

/** Uses each accepted scan's ticket up; of two scans with one ticket the first has it. */
export async function spendTickets(em: Em, candidates: readonly Candidate[]): Promise<void> {
  const holders = new Map<Id, Candidate>();
  for (const { candidate, ticket } of acceptedOf(candidates)) {
    if (holders.has(ticket.id)) candidate.judged = ticketUsed;
    else holders.set(ticket.id, candidate);
  }
  if (holders.size === 0) return;
  const spent = await preparedRows<{ id: Id }>(
    em,
    `update scan_ticket set used_at = app_clock()
     where id = any(?::uuid[]) and used_at is null and expires_at > app_clock()
       and attempts < ${ATTEMPTS_MAX} returning id`,
    [[...holders.keys()]],
  );
  const usedNow = new Set(spent.map(({ id }) => id));
  for (const [id, candidate] of holders) if (!usedNow.has(id)) candidate.judged = ticketUsed;
}

/** A wrong code counts against its ticket, in the transaction whose lock made guesses take turns. */
export async function countAttempts(em: Em, candidates: readonly Candidate[]): Promise<void> {
  const wrong = candidates.flatMap(({ judged, ticket }) =>
    judged !== 'repeated' && isRefused(judged) && judged.countsAsAttempt && ticket
      ? [ticket.id]
      : [],
  );
  if (wrong.length === 0) return;
  await preparedRows(
    em,
    `update scan_ticket t set attempts = t.attempts + n.wrong
     from (select id, count(*)::int as wrong from unnest(?::uuid[]) as w(id) group by id) n
     where t.id = n.id`,
    [wrong],
  );
}

/** Gives phones the right to send one scan each (presence.md section 3); many ask at once. */
import { preparedRows, toInstant, type Em } from '../../db/orm.ts';
import { stateRefusal } from '../../domain/attendance/admission.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import { refusalError } from '../../domain/attendance/results.ts';
import { appError, type AppError } from '../../domain/errors.ts';
import { geofenceModeFor } from '../../domain/presence/judge-scan.ts';
import type { Id, Instant } from '../../domain/types.ts';
import { newOpaqueToken, sha256Hex } from '../../security/opaque-token.ts';
import { inBatches } from '../in-batches.ts';
import { operationFor, type OperationParts } from '../operation-for.ts';
import { SYSTEM_ACTOR, type Operation } from '../ports.ts';
import { findMembers } from '../records/roster.ts';
import { lookAtSessions, type LockedSession } from '../sessions/session-row.ts';

/** A ticket as its phone is told; the secret is never readable again. */
export interface IssuedTicket {
  readonly ticket: string;
  readonly expiresAt: Instant;
  /** Whether the class weighs where the phone is. */
  readonly asksLocation: boolean;
}

/** Who asks, with which phone, for which class. */
export interface TicketRequest {
  readonly sessionId: Id;
  readonly studentId: Id;
  readonly deviceKeyId: Id;
}

/** A ticket takes a quarter of a scan's statements, so smaller batches cost as little. */
const PACE = { ms: 20, items: 40 };
/** Life of a ticket. */
const TICKET_SECONDS = 90;
/** Tickets of one student for one session in a minute. */
const PER_MINUTE = 6;

/**
 * Makes the desk of a process. Requests that arrive while others are answered share the next
 * statements; two of one student never share them, so that the second is counted after the first.
 * @throws AppError `session_not_found`, `not_on_roster`, `session_not_open` and its kin,
 *   `rate_limited`, `busy`
 */
export function createTicketDesk(
  parts: OperationParts,
): (request: TicketRequest) => Promise<IssuedTicket> {
  const take = inBatches<TicketRequest, IssuedTicket | AppError>({
    run: (requests) => issueTickets(operationFor(parts, SYSTEM_ACTOR), requests),
    keysOf: ({ studentId }) => [studentId],
    itemsMax: 200,
    writers: 2,
    pace: PACE,
    waitingMax: 5_000,
  });
  return async (request) => {
    const answer = await take(request);
    if ('ticket' in answer) return answer;
    throw answer;
  };
}

/** Answers each request, in order; one that is refused does not concern the others. */
async function issueTickets(
  { em, ids }: Operation,
  requests: readonly TicketRequest[],
): Promise<(IssuedTicket | AppError)[]> {
  const sessions = await lookAtSessions(em, [...new Set(requests.map((own) => own.sessionId))]);
  const isMember = await findMembers(
    em,
    requests.flatMap(({ sessionId, studentId }) => {
      const seen = sessions.get(sessionId);
      return seen ? [{ session: seen.session, studentId }] : [];
    }),
  );
  const judged = requests.map((request) => {
    const seen = sessions.get(request.sessionId);
    return { request, seen, refusal: refusalOf(request, seen, isMember) };
  });
  const accepted = judged.filter(({ refusal }) => refusal === null).map(({ request }) => request);
  const tickets = await insertTickets(em, () => ids.next(), accepted);
  return judged.map(({ request, seen, refusal }): IssuedTicket | AppError => {
    const given = tickets.get(request);
    if (refusal || !seen) return refusal ?? sessionNotFound();
    if (!given) return tooMany();
    return { ...given, asksLocation: geofenceModeFor(seen.session.policy) !== 'off' };
  });
}

function refusalOf(
  { sessionId, studentId }: TicketRequest,
  seen: LockedSession | undefined,
  isMember: (sessionId: Id, studentId: Id) => boolean,
): AppError | null {
  if (!seen) return sessionNotFound();
  if (!isMember(sessionId, studentId)) {
    return appError(
      'not_on_roster',
      'You are not on the list of this class. Ask your teacher or the office.',
    );
  }
  const refusal = stateRefusal(seen.effectiveStatus, RANK.qr, seen.session);
  return refusal && refusalError(refusal);
}

const sessionNotFound = (): AppError => appError('session_not_found', 'This class was not found.');

const tooMany = (): AppError =>
  appError('rate_limited', 'Too many tries. Wait a moment, then open the scanner again.', {
    meta: { retryAfterSeconds: 60 },
  });

/** Writes the tickets of those who had fewer than their share in the last minute. */
async function insertTickets(
  em: Em,
  nextId: () => Id,
  requests: readonly TicketRequest[],
): Promise<Map<TicketRequest, Pick<IssuedTicket, 'ticket' | 'expiresAt'>>> {
  if (requests.length === 0) return new Map();
  const made = requests.map((request) => ({ request, id: nextId(), ticket: newOpaqueToken() }));
  const stored = await preparedRows<{ id: Id; expires_at: string }>(
    em,
    `insert into scan_ticket (id, secret_hash, session_id, student_id, device_key_id, expires_at)
     select n.id, n.secret_hash, n.session_id, n.student_id, n.device_key_id,
       app_clock() + make_interval(secs => ${TICKET_SECONDS})
     from unnest(?::uuid[], ?::text[], ?::uuid[], ?::uuid[], ?::uuid[])
       as n(id, secret_hash, session_id, student_id, device_key_id)
     cross join lateral (
       select count(*) as taken from scan_ticket t
       where t.session_id = n.session_id and t.student_id = n.student_id
         and t.issued_at > app_clock() - interval '1 minute' offset 0) own
     where own.taken < ${PER_MINUTE}
     returning id, expires_at`,
    [
      made.map(({ id }) => id),
      made.map(({ ticket }) => sha256Hex(ticket)),
      requests.map(({ sessionId }) => sessionId),
      requests.map(({ studentId }) => studentId),
      requests.map(({ deviceKeyId }) => deviceKeyId),
    ],
  );
  const ends = new Map(stored.map((row) => [row.id, toInstant(row.expires_at)]));
  return new Map(
    made.flatMap(({ request, id, ticket }) => {
      const expiresAt = ends.get(id);
      return expiresAt === undefined ? [] : [[request, { ticket, expiresAt }]];
    }),
  );
}

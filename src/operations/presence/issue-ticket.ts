/** Gives a phone the right to send one scan (presence.md section 3). */
import { firstRow, toInstant } from '../../db/orm.ts';
import { stateRefusal } from '../../domain/attendance/admission.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import { appError } from '../../domain/errors.ts';
import { geofenceModeFor } from '../../domain/presence/judge-scan.ts';
import type { Id, Instant } from '../../domain/types.ts';
import { newOpaqueToken, sha256Hex } from '../../security/opaque-token.ts';
import type { Operation } from '../ports.ts';
import { rosterMembers } from '../records/roster.ts';
import { lookAtSession } from '../sessions/session-row.ts';

/** A ticket as its phone is told; the secret is never readable again. */
export interface IssuedTicket {
  readonly ticket: string;
  readonly expiresAt: Instant;
  /** Whether the class weighs where the phone is. */
  readonly asksLocation: boolean;
}

/** Life of a ticket. */
export const TICKET_SECONDS = 90;
/** Tickets of one student for one session in a minute. */
const PER_MINUTE = 6;

/**
 * Issues a ticket for a student, device and session.
 * @throws AppError `session_not_found`, `not_on_roster`, `session_not_open` and its kin,
 *   `rate_limited`
 */
export async function issueTicket(
  { em, ids }: Operation,
  { sessionId, studentId, deviceKeyId }: { sessionId: Id; studentId: Id; deviceKeyId: Id },
): Promise<IssuedTicket> {
  const seen = await lookAtSession(em, sessionId).catch((error: unknown) => {
    throw appError('session_not_found', 'This class was not found.', { cause: error });
  });
  const members = await rosterMembers(em, seen.session, [studentId]);
  if (!members.has(studentId)) {
    throw appError(
      'not_on_roster',
      'You are not on the list of this class. Ask your teacher or the office.',
    );
  }
  const refusal = stateRefusal(seen.effectiveStatus, RANK.qr, seen.session.opensAt);
  if (refusal) throw appError(refusal.code, refusal.detail);
  const ticket = newOpaqueToken();
  const row = await firstRow<{ expires_at: string }>(
    em,
    `insert into scan_ticket (id, secret_hash, session_id, student_id, device_key_id, expires_at)
     select ?::uuid, ?, ?::uuid, ?::uuid, ?::uuid, app_clock() + make_interval(secs => ${TICKET_SECONDS})
     where (select count(*) from scan_ticket t where t.session_id = ?::uuid
       and t.student_id = ?::uuid and t.issued_at > app_clock() - interval '1 minute') < ${PER_MINUTE}
     returning expires_at`,
    [ids.next(), sha256Hex(ticket), sessionId, studentId, deviceKeyId, sessionId, studentId],
  );
  if (!row) {
    throw appError('rate_limited', 'Too many tries. Wait a moment, then open the scanner again.', {
      meta: { retryAfterSeconds: 60 },
    });
  }
  const asksLocation = geofenceModeFor(seen.session.policy) !== 'off';
  return { ticket, expiresAt: toInstant(row.expires_at), asksLocation };
}

/** What an approved unlock does to its class (marks.md section 11). */
import { auditEntry, sessionChain } from '../../audit/append-log.ts';
import { firstRow, rows, toInstant, type Em } from '../../db/orm.ts';
import type { Operation } from '../ports.ts';
import { appendMarks } from '../records/append-marks.ts';
import { lockSessionForUpdate } from '../sessions/session-row.ts';
import type { CaseEffect } from './case-effects.ts';
import type { CaseRow } from './case-row.ts';

/** The subject whose key seals the texts of unlocks: they are about a class, not about a student. */
export const UNLOCK_SUBJECT = 'area:unlocks';

/** Opens the locked class again for the hours that were asked for. */
export async function applyUnlock(operation: Operation, em: Em, row: CaseRow): Promise<CaseEffect> {
  if (row.sessionId === null || row.hours === null) throw new Error('not an unlock');
  const session = await lockSessionForUpdate(em, row.sessionId);
  if (session.status !== 'locked') {
    const detail = `The class is ${session.status}; only a locked one can be unlocked.`;
    return { refused: { code: 'state_conflict', detail }, after: {} };
  }
  const changed = await firstRow<{ lock_due_at: string }>(
    em,
    `update attendance_session set status = 'closed', locked_at = null,
       lock_due_at = app_clock() + make_interval(hours => ?::int), version = version + 1,
       updated_at = app_clock()
     where id = ?::uuid and status = 'locked' and epoch = ?::int returning lock_due_at`,
    [row.hours, session.id, session.epoch],
  );
  if (!changed) throw new Error('the session row changed under its lock');
  await rows(em, 'update unlock_request set unlocked_until = ?::timestamptz where id = ?::uuid', [
    changed.lock_due_at,
    row.id,
  ]);
  await appendMarks(em, operation, session, [], [], {
    audit: [
      auditEntry(operation.actor, {
        chain: sessionChain(session.id),
        action: 'session.unlocked',
        entityType: 'AttendanceSession',
        entityId: session.id,
        sessionId: session.id,
        before: { status: 'locked', epoch: session.epoch },
        after: {
          status: 'closed',
          lock_due_at: toInstant(changed.lock_due_at),
          unlock_request: row.id,
          requested_by: row.applicantId,
        },
      }),
    ],
    sessionChanged: true,
  });
  return { refused: null, after: { hours: row.hours } };
}

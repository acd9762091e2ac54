/** Later devices of students: listed for their staff, activated early, cleared by an administrator. */
import { appendLog, auditEntry } from '../../audit/append-log.ts';
import { firstRow, rows, toInstant, toInstantOrNull, type Em } from '../../db/orm.ts';
import { appError } from '../../domain/errors.ts';
import { CHANGES_WITHIN_DAYS } from '../../domain/devices/rebinding.ts';
import type { Id, Instant } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';

/** Which students the asker decides for: a condition over `student st`. */
export interface RebindScope {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** A later device of a student. */
export interface Rebind {
  readonly id: Id;
  readonly student: {
    readonly id: Id;
    readonly rollNumber: string;
    readonly firstName: string;
    readonly lastName: string;
  };
  readonly status: 'active' | 'pending' | 'revoked';
  readonly boundAt: Instant;
  readonly pendingUntil: Instant | null;
}

const LISTED_MAX = 200;

/** The later devices of the last 120 days, the newest first. */
export async function listRebinds(em: Em, scope: RebindScope): Promise<Rebind[]> {
  const found = await rows<{
    id: Id;
    student_id: Id;
    roll_number: string;
    first_name: string;
    last_name: string;
    status: Rebind['status'];
    valid_from: string;
    pending_until: string | null;
  }>(
    em,
    `select b.id, st.id as student_id, st.roll_number, u.first_name, u.last_name, b.valid_from,
       b.pending_until, case when b.status = 'pending' and b.pending_until <= app_clock()
         then 'active' else b.status end as status
     from device_binding b join student st on st.user_id = b.user_id
     join app_user u on u.id = b.user_id
     where b.pending_until is not null
       and b.created_at > app_clock() - make_interval(days => ${CHANGES_WITHIN_DAYS})
       and (${scope.sql})
     order by b.created_at desc, b.id desc limit ${LISTED_MAX}`,
    scope.parameters,
  );
  return found.map((row) => ({
    id: row.id,
    student: {
      id: row.student_id,
      rollNumber: row.roll_number,
      firstName: row.first_name,
      lastName: row.last_name,
    },
    status: row.status,
    boundAt: toInstant(row.valid_from),
    pendingUntil: toInstantOrNull(row.pending_until),
  }));
}

/**
 * Ends the waiting of a pending device: its scans are no longer flagged for being new.
 * @throws AppError `not_found`, `own_request`, `already_decided`
 */
export async function approveRebind(
  operation: Operation,
  scope: RebindScope,
  bindingId: Id,
): Promise<void> {
  const { actor, ids } = operation;
  await operation.em.transactional(async (em) => {
    const row = await firstRow<{ user_id: Id; student_id: Id; key: Id; is_pending: boolean }>(
      em,
      `select b.user_id, st.id as student_id, b.device_key_id as key,
         b.status = 'pending' and b.pending_until > app_clock() as is_pending
       from device_binding b join student st on st.user_id = b.user_id
       where b.id = ?::uuid and (${scope.sql}) for update of b`,
      [bindingId, ...scope.parameters],
    );
    if (!row) throw appError('not_found', 'There is no such device among those you decide on.');
    if (row.user_id === actor.userId) throw ownDevice();
    if (!row.is_pending) throw appError('already_decided', 'This device is not pending any more.');
    await rows(
      em,
      `update device_binding set status = 'active', pending_until = app_clock(),
         approved_by_id = ?::uuid where id = ?::uuid`,
      [actor.userId, bindingId],
    );
    const event = auditEntry(actor, {
      chain: 'area:auth',
      action: 'auth.device_approved',
      entityType: 'device_key',
      entityId: row.key,
      studentId: row.student_id,
    });
    await appendLog(em, ids, { audit: [event] });
  });
}

/**
 * Clears a student's changes of device, so that another one may follow; for administrators.
 * @returns how many changes were cleared
 * @throws AppError `not_found`, `own_request`
 */
export async function clearRebinds(
  operation: Operation,
  scope: RebindScope,
  studentId: Id,
): Promise<number> {
  const { actor, ids } = operation;
  return operation.em.transactional(async (em) => {
    const student = await firstRow<{ user_id: Id }>(
      em,
      `select st.user_id from student st where st.id = ?::uuid and (${scope.sql})`,
      [studentId, ...scope.parameters],
    );
    if (!student) throw appError('not_found', 'There is no such student.');
    if (student.user_id === actor.userId) throw ownDevice();
    const cleared = await rows(
      em,
      `update device_binding set approved_by_id = ?::uuid
       where user_id = ?::uuid and pending_until is not null returning id`,
      [actor.userId, student.user_id],
    );
    const event = auditEntry(actor, {
      chain: 'area:auth',
      action: 'auth.device_changes_cleared',
      entityType: 'Student',
      entityId: studentId,
      studentId,
      after: { cleared: cleared.length },
    });
    await appendLog(em, ids, { audit: [event] });
    return cleared.length;
  });
}

const ownDevice = () => appError('own_request', 'Nobody decides on their own device.');

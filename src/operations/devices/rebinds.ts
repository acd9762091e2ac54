/** Later devices of students: listed for their staff, activated early, cleared by an administrator. */
import { appendLog, auditEntry } from '../../audit/append-log.ts';
import { firstRow, rows, toInstant, toInstantOrNull, type Em } from '../../db/orm.ts';
import { appError } from '../../domain/errors.ts';
import { CHANGES_MAX, CHANGES_WITHIN_DAYS } from '../../domain/devices/rebinding.ts';
import type { Id, Instant } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { tellOfApproval } from './tell-of-device.ts';

/** Which students the asker decides for: a condition over `student st`. */
export interface RebindScope {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** A device as those who decide on it see it: from when to when it was theirs, and nothing of its own. */
interface SeenDevice {
  readonly boundAt: Instant;
  readonly endedAt: Instant | null;
}

/** A later device of a student. */
export interface Rebind extends SeenDevice {
  readonly id: Id;
  readonly student: {
    readonly id: Id;
    readonly rollNumber: string;
    readonly firstName: string;
    readonly lastName: string;
  };
  readonly status: 'active' | 'pending' | 'revoked';
  readonly pendingUntil: Instant | null;
  /** The device before it. */
  readonly previous: SeenDevice | null;
  /** Later devices of the student within 120 days, this one included. */
  readonly changes: number;
  /** As many of them count as are allowed: the next one needs an administrator. */
  readonly isAtLimit: boolean;
}

/** The later devices of the last 120 days, and how many of all of them are pending. */
export interface Rebinds {
  readonly pending: number;
  readonly results: readonly Rebind[];
}

const LISTED_MAX = 200;

/** A later device of the last 120 days; `b` is its `device_binding`. */
const RECENT_CHANGE = `b.pending_until is not null
  and b.created_at > app_clock() - make_interval(days => ${CHANGES_WITHIN_DAYS})`;
/** One that counts against the limit, because no administrator approved or cleared it. */
export const COUNTED_CHANGE = `${RECENT_CHANGE} and not exists (select 1 from role_assignment ra
  where ra.user_id = b.approved_by_id and ra.role = 'admin')`;
const IS_PENDING = "(b.status = 'pending' and b.pending_until > app_clock())";

interface RebindRow {
  readonly id: Id;
  readonly student_id: Id;
  readonly roll_number: string;
  readonly first_name: string;
  readonly last_name: string;
  readonly status: Rebind['status'];
  readonly valid_from: string;
  readonly valid_to: string | null;
  readonly pending_until: string | null;
  readonly previous_from: string | null;
  readonly previous_to: string | null;
  readonly changes: number;
  readonly counted: number;
}

/**
 * Lists later devices of the students in the scope, the newest first.
 * @param pendingOnly  those that wait, and no others
 */
export async function listRebinds(
  em: Em,
  scope: RebindScope,
  pendingOnly: boolean,
): Promise<Rebinds> {
  const counted = await firstRow<{ pending: number }>(
    em,
    `select count(*)::int as pending
     from device_binding b join student st on st.user_id = b.user_id
     where ${IS_PENDING} and (${scope.sql})`,
    scope.parameters,
  );
  const found = await rows<RebindRow>(
    em,
    `select b.id, st.id as student_id, st.roll_number, u.first_name, u.last_name, b.valid_from,
       b.valid_to, b.pending_until,
       case when b.status = 'pending' and b.pending_until <= app_clock() then 'active'
         else b.status end as status,
       previous.valid_from as previous_from, previous.valid_to as previous_to, number.changes,
       number.counted
     from device_binding b join student st on st.user_id = b.user_id
     join app_user u on u.id = b.user_id
     left join lateral (
       select pb.valid_from, pb.valid_to from device_binding pb
       where pb.user_id = b.user_id and pb.id <> b.id and pb.created_at < b.created_at
       order by pb.created_at desc, pb.id desc limit 1) previous on true
     cross join lateral (${COUNT_CHANGES}) number
     where ${RECENT_CHANGE} and (not ?::boolean or ${IS_PENDING}) and (${scope.sql})
     order by b.created_at desc, b.id desc limit ${LISTED_MAX}`,
    [pendingOnly, ...scope.parameters],
  );
  return { pending: counted?.pending ?? 0, results: found.map(rebindOf) };
}

const COUNT_CHANGES = `select count(*)::int as changes,
  (count(*) filter (where counts))::int as counted
  from (select (${COUNTED_CHANGE}) as counts from device_binding b
    where b.user_id = st.user_id and ${RECENT_CHANGE}) changed`;

function rebindOf(row: RebindRow): Rebind {
  return {
    id: row.id,
    student: {
      id: row.student_id,
      rollNumber: row.roll_number,
      firstName: row.first_name,
      lastName: row.last_name,
    },
    status: row.status,
    boundAt: toInstant(row.valid_from),
    endedAt: toInstantOrNull(row.valid_to),
    pendingUntil: toInstantOrNull(row.pending_until),
    previous:
      row.previous_from === null
        ? null
        : {
            boundAt: toInstant(row.previous_from),
            endedAt: toInstantOrNull(row.previous_to),
          },
    changes: row.changes,
    isAtLimit: row.counted >= CHANGES_MAX,
  };
}

/**
 * Ends the waiting of a pending device: its scans are no longer flagged for being new. The student
 * is told.
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
    await tellOfApproval(em, ids, row.user_id, bindingId);
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
 * @param reason  why; kept in the audit trail, sealed under the student's key
 * @returns how many changes were cleared
 * @throws AppError `not_found`, `own_request`
 */
export async function clearRebinds(
  operation: Operation,
  scope: RebindScope,
  studentId: Id,
  reason: string,
): Promise<number> {
  const { actor, ids, sealer } = operation;
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
    // Of this clearing alone: under the student's id, the words of one would open in another.
    const clearingId = ids.next();
    const place = { table: 'audit_event', column: 'sealed', rowId: clearingId };
    const event = auditEntry(actor, {
      chain: 'area:auth',
      action: 'auth.device_changes_cleared',
      entityType: 'DeviceClearing',
      entityId: clearingId,
      studentId,
      after: { cleared: cleared.length },
      sealed: await sealer.seal(`student:${studentId}`, place, reason),
    });
    await appendLog(em, ids, { audit: [event] });
    return cleared.length;
  });
}

const ownDevice = () => appError('own_request', 'Nobody decides on their own device.');

/**
 * Locks what claims reach, in the order of every mark: device keys, then records. Reach grows along
 * shared phones: whoever claimed with the same key is settled anew (marks.md section 4).
 */
import { type Em, preparedRows } from '../../db/orm.ts';
import { isStudentCaptured } from '../../domain/attendance/operation.ts';
import { appError } from '../../domain/errors.ts';
import type { Id } from '../../domain/types.ts';
import { STUDENT_CAPTURED } from './admission-facts.ts';
import type { ConflictReach } from './keep-conflicts.ts';
import { lockRecords, lockRecordsOf, type LockedRecords } from './lock-records.ts';
import type { OperationDraft } from './operation-draft.ts';

/** The claims about one session that may be stored, and the keys known of their students. */
export interface FreshClaims {
  readonly sessionId: Id;
  readonly drafts: readonly OperationDraft[];
  /** Keys that earlier claims of these students name. */
  readonly deviceKeys: ReadonlySet<Id>;
}

/** What the claims about one session reach, locked. */
export interface LockedReach {
  readonly reach: ConflictReach;
  readonly records: LockedRecords;
}

/**
 * Locks the reach of claims, whatever their sessions.
 * @throws AppError `try_again` when a claim with another key came in between
 */
export async function lockReach(
  em: Em,
  claims: readonly FreshClaims[],
  nextId: () => Id,
): Promise<Map<Id, LockedReach>> {
  const keysOf = new Map(claims.map((claim) => [claim.sessionId, keysOfClaims(claim)]));
  const students = await lockDeviceKeys(em, keysOf);
  for (const { sessionId, drafts } of claims) {
    const own = students.get(sessionId) ?? new Set();
    for (const { studentId } of drafts) own.add(studentId);
    students.set(sessionId, own);
  }
  const records = await lockRecordsOf(em, students, nextId);
  return new Map(
    claims.map(({ sessionId, drafts }) => {
      const deviceKeys = keysOf.get(sessionId) ?? new Set();
      const locked = records.get(sessionId);
      if (!locked) throw new Error(`the records of ${sessionId} were not locked`);
      requireLockedKeys(drafts, locked, deviceKeys);
      const reach = { students: students.get(sessionId) ?? new Set(), deviceKeys };
      return [sessionId, { reach, records: locked }];
    }),
  );
}

function keysOfClaims({ drafts, deviceKeys }: FreshClaims): Set<Id> {
  const named = drafts.filter((draft) => draft.deviceKeyId && isStudentCaptured(draft));
  return new Set([...deviceKeys, ...named.flatMap((draft) => draft.deviceKeyId ?? [])]);
}

/** A fellow student's other phone is fine; our own students' keys must have been locked. */
function requireLockedKeys(
  drafts: readonly OperationDraft[],
  { operations }: LockedRecords,
  deviceKeys: ReadonlySet<Id>,
): void {
  const own = new Set(drafts.map((draft) => draft.studentId));
  for (const op of operations) {
    if (op.deviceKeyId === null || !own.has(op.studentId) || !isStudentCaptured(op)) continue;
    if (!deviceKeys.has(op.deviceKeyId)) throw movedMeanwhile();
  }
}

const movedMeanwhile = () =>
  appError('try_again', 'Another mark of this student is being written; send it again.');

/**
 * Locks device keys, ascending, before any record: claims of two students on one key then take
 * turns and see each other.
 * @returns the students with claims on these keys, by session
 */
async function lockDeviceKeys(
  em: Em,
  keysOf: ReadonlyMap<Id, ReadonlySet<Id>>,
): Promise<Map<Id, Set<Id>>> {
  const places = [...keysOf].flatMap(([session, keys]) => [...keys].map((key) => [session, key]));
  if (places.length === 0) return new Map();
  const keys = places.map(([, key]) => key);
  // Not FOR UPDATE: a claim and its evidence hold the key by their references already, and two
  // transactions that hold it so could never both have it alone.
  await preparedRows(
    em,
    'select id from device_key where id = any(?::uuid[]) order by id for no key update',
    [keys],
  );
  const found = await preparedRows<{ session_id: Id; student_id: Id }>(
    em,
    `select distinct o.session_id, o.student_id
     from unnest(?::uuid[], ?::uuid[]) as n(session_id, device_key_id)
     join attendance_operation o using (session_id, device_key_id)
     where o.source in ${STUDENT_CAPTURED}`,
    [places.map(([session]) => session), keys],
  );
  const students = Map.groupBy(found, (row) => row.session_id);
  return new Map([...students].map(([id, own]) => [id, new Set(own.map((row) => row.student_id))]));
}

/**
 * Locks everything that decides the records of these students. For callers that compare before
 * they claim.
 */
export async function lockStudents(
  em: Em,
  sessionId: Id,
  studentIds: readonly Id[],
  nextId: () => Id,
): Promise<LockedRecords> {
  const named = await preparedRows<{ device_key_id: Id }>(
    em,
    `select distinct device_key_id from attendance_operation
     where session_id = ?::uuid and student_id = any(?::uuid[]) and device_key_id is not null
       and source in ${STUDENT_CAPTURED}`,
    [sessionId, studentIds],
  );
  const keys = new Set(named.map((row) => row.device_key_id));
  const others = (await lockDeviceKeys(em, new Map([[sessionId, keys]]))).get(sessionId) ?? [];
  return lockRecords(em, sessionId, [...others, ...studentIds], nextId);
}

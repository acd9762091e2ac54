/** What a batch of claims needs to know before any row is locked, in one statement. */
import { rows, type Em } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';
import type { SessionRow } from '../sessions/session-row.ts';
import type { OperationDraft, OperationResult } from './operation-draft.ts';
import { ROSTER } from './roster.ts';
import { lockRecords, type LockedRecords } from './settle-records.ts';

/** A stored operation that a claim repeats. */
export interface KnownOperation {
  readonly payloadHash: string;
  readonly result: OperationResult;
}

/** Facts about the students and ids of a batch. */
export interface AdmissionFacts {
  readonly members: ReadonlySet<Id>;
  /** Students that exist at all; a claim about nobody cannot be stored. */
  readonly students: ReadonlySet<Id>;
  readonly known: Map<Id, KnownOperation>;
  /** Device keys that students' own claims of these students name in this session. */
  readonly deviceKeys: ReadonlySet<Id>;
}

/** A teacher's phone holds a whole class and collides with nothing (rule R11). */
const STUDENT_CAPTURED = "('qr', 'self')";

/** Reads roster membership, repeated ids and named devices of a batch. */
export async function readAdmissionFacts(
  em: Em,
  session: SessionRow,
  drafts: readonly OperationDraft[],
): Promise<AdmissionFacts> {
  const students = [...new Set(drafts.map((draft) => draft.studentId))];
  const found = await rows<{
    kind: 'member' | 'student' | 'device' | 'operation';
    id: Id;
    payload_hash: string | null;
    result: OperationResult | null;
  }>(
    em,
    `select 'member' as kind, m.student_id as id, null as payload_hash, null::jsonb as result
       from (${ROSTER} and e.student_id = any(?::uuid[])) m
     union all
     select 'student', id, null, null from student where id = any(?::uuid[])
     union all
     select distinct 'device', device_key_id, null, null::jsonb from attendance_operation
       where session_id = ?::uuid and device_key_id is not null and student_id = any(?::uuid[])
         and source in ${STUDENT_CAPTURED}
     union all
     select 'operation', op_id, payload_hash, result from attendance_operation
       where op_id = any(?::uuid[])`,
    [
      session.id,
      session.scheduledDate,
      session.scheduledDate,
      students,
      students,
      session.id,
      students,
      drafts.map((draft) => draft.opId),
    ],
  );
  const idsOf = (kind: string) =>
    new Set(found.filter((row) => row.kind === kind).map((row) => row.id));
  const known = new Map<Id, KnownOperation>();
  for (const row of found) {
    if (row.kind !== 'operation' || row.result === null) continue;
    known.set(row.id, { payloadHash: row.payload_hash ?? '', result: row.result });
  }
  return {
    members: idsOf('member'),
    students: idsOf('student'),
    known,
    deviceKeys: idsOf('device'),
  };
}

/**
 * Locks the device keys a batch concerns, ascending, before any record: claims of two students on
 * one key then take turns and see each other.
 * @returns the students with claims on these keys in the session
 */
export async function lockDeviceKeys(
  em: Em,
  sessionId: Id,
  keys: ReadonlySet<Id>,
): Promise<Set<Id>> {
  if (keys.size === 0) return new Set();
  await rows(em, 'select id from device_key where id = any(?::uuid[]) order by id for update', [
    [...keys],
  ]);
  const found = await rows<{ student_id: Id }>(
    em,
    `select distinct student_id from attendance_operation
     where session_id = ?::uuid and device_key_id = any(?::uuid[])
       and source in ${STUDENT_CAPTURED}`,
    [sessionId, [...keys]],
  );
  return new Set(found.map((row) => row.student_id));
}

/**
 * Locks everything that decides the records of these students, in the order of every mark: device
 * keys before records. For callers that compare before they claim.
 */
export async function lockStudents(
  em: Em,
  sessionId: Id,
  studentIds: readonly Id[],
  nextId: () => Id,
): Promise<LockedRecords> {
  const named = await rows<{ device_key_id: Id }>(
    em,
    `select distinct device_key_id from attendance_operation
     where session_id = ?::uuid and student_id = any(?::uuid[]) and device_key_id is not null
       and source in ${STUDENT_CAPTURED}`,
    [sessionId, studentIds],
  );
  const keys = new Set(named.map((row) => row.device_key_id));
  const others = await lockDeviceKeys(em, sessionId, keys);
  return lockRecords(em, sessionId, [...others, ...studentIds], nextId);
}

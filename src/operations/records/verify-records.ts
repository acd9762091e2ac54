/** Compares what is stored about classes with what their claims say (marks.md sections 4 and 8). */
import {
  resolveRegisters,
  type RegisterConflict,
  type RegisterRecord,
  type RegisterRow,
} from '../../db/queries/resolve-register.ts';
import { rows, toInstant, type Em } from '../../db/orm.ts';
import { readSnapshot } from '../../db/snapshot.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import type { Id, LocalDate } from '../../domain/types.ts';
import { autoAbsentOpId } from './settle-records.ts';

/** One thing that is stored otherwise than the claims say. */
export interface Difference {
  readonly sessionId: Id;
  readonly date: LocalDate;
  readonly subject: 'taken' | 'record' | 'conflict';
  /** The student or device key, or null for the session itself. */
  readonly of: Id | null;
  readonly stored: string;
  readonly expected: string;
}

/** Which classes to compare; without a bound, from the first or to the last. */
export interface Period {
  readonly from?: LocalDate | undefined;
  readonly to?: LocalDate | undefined;
}

/** Sessions compared in one snapshot. */
const BATCH = 200;

/**
 * Compares the stored records and contradictions of every class in a period with its claims. Reads
 * only, one snapshot per batch of classes, so running marks neither wait nor disturb.
 * @param report  is told each difference
 * @returns how many classes were compared
 */
export async function verifyRecords(
  em: Em,
  period: Period,
  report: (difference: Difference) => void,
): Promise<number> {
  const found = await rows<{ id: string }>(
    em,
    `select id from attendance_session
     where scheduled_date >= coalesce(?::date, '-infinity')
       and scheduled_date <= coalesce(?::date, 'infinity')
     order by scheduled_date, id`,
    [period.from ?? null, period.to ?? null],
  );
  const ids = found.map((row) => row.id);
  for (let from = 0; from < ids.length; from += BATCH) {
    const batch = ids.slice(from, from + BATCH);
    const differences = await readSnapshot(em, (snapshot) => compareSessions(snapshot, batch));
    differences.forEach(report);
  }
  return ids.length;
}

async function compareSessions(em: Em, ids: readonly Id[]): Promise<Difference[]> {
  const sessions = await readSessions(em, ids);
  const records = Map.groupBy(await readRecords(em, ids), (row) => row.session_id);
  const conflicts = Map.groupBy(await readConflicts(em, ids), (row) => row.session_id);
  const registers = await resolveRegisters(em, ids);
  const bySession = new Map(registers.map((register) => [register.session_id, register]));
  return sessions.flatMap((session) => {
    const register = bySession.get(session.id);
    if (!register) return [];
    return [
      ...compareTaken(session, register),
      ...compareRecords(session, register, records.get(session.id) ?? []),
      ...compareConflicts(session, register, conflicts.get(session.id) ?? []),
    ];
  });
}

interface StoredSession {
  readonly id: Id;
  readonly date: LocalDate;
  readonly status: string;
  readonly epoch: number;
  readonly taken: boolean;
  /** Locked, or due to be: only corrections change a record from here on (R12). */
  readonly is_final: boolean;
  /** Automatic absences that were written down. */
  readonly auto_op_ids: readonly Id[];
}

function readSessions(em: Em, ids: readonly Id[]): Promise<StoredSession[]> {
  return rows<StoredSession>(
    em,
    `select s.id, s.scheduled_date as date, s.status, s.epoch, s.taken,
       s.status = 'locked' or (s.status = 'closed' and coalesce(s.lock_due_at <= app_clock(), false))
         as is_final,
       array(select o.op_id from attendance_operation o
         where o.session_id = s.id and o.rank = ${RANK.autoAbsent}) as auto_op_ids
     from attendance_session s where s.id = any(?::uuid[]) order by s.scheduled_date, s.id`,
    [ids],
  );
}

interface StoredRecord {
  readonly session_id: Id;
  readonly student_id: Id;
  readonly mark: string | null;
  readonly winner_op_id: Id | null;
  readonly rank: number | null;
  readonly source: string | null;
  readonly arrival_at: string | null;
  readonly excuse_category: string | null;
  readonly flags: readonly string[];
}

function readRecords(em: Em, ids: readonly Id[]): Promise<StoredRecord[]> {
  return rows<StoredRecord>(
    em,
    `select session_id, student_id, mark, winner_op_id, rank, source, arrival_at, excuse_category,
       flags
     from attendance_record where session_id = any(?::uuid[])`,
    [ids],
  );
}

interface StoredConflict extends Omit<RegisterConflict, 'state'> {
  readonly session_id: Id;
  readonly state: string;
}

/** A void contradiction counts as none. */
function readConflicts(em: Em, ids: readonly Id[]): Promise<StoredConflict[]> {
  return rows<StoredConflict>(
    em,
    `select session_id, kind, student_id, device_key_id, op_ids, state
     from attendance_conflict where session_id = any(?::uuid[]) and state <> 'void'`,
    [ids],
  );
}

/** Only a close decides this; on a final class it stands as it was decided (R12). */
function compareTaken(session: StoredSession, register: RegisterRow): Difference[] {
  if (session.status !== 'closed' || session.is_final) return [];
  return difference(session, 'taken', null, String(session.taken), String(register.taken));
}

/** Roster members alone: who left the roster keeps a record that counts nowhere (section 8). */
function compareRecords(
  session: StoredSession,
  register: RegisterRow,
  records: readonly StoredRecord[],
): Difference[] {
  const byStudent = new Map(records.map((record) => [record.student_id, record]));
  return register.records.flatMap((answer) => {
    const stored = describeStored(byStudent.get(answer.student_id));
    return difference(session, 'record', answer.student_id, stored, expectedOf(session, answer));
  });
}

const UNMARKED = 'unmarked';

function describeStored(record: StoredRecord | undefined): string {
  if (!record || record.mark === null) return UNMARKED;
  const arrivalAt = record.arrival_at === null ? null : toInstant(record.arrival_at);
  return describeRecord({ ...record, arrivalAt });
}

function expectedOf(session: StoredSession, answer: RegisterRecord): string {
  if (answer.mark !== null && answer.rank !== RANK.autoAbsent) {
    const { arrival_ms } = answer;
    const arrivalAt = arrival_ms === null ? null : new Date(arrival_ms).toISOString();
    return describeRecord({ ...answer, arrivalAt });
  }
  const autoOpId = autoAbsentOpId(session, answer.student_id);
  // Nobody becomes absent on a final class: who joined its roster afterwards is not recorded, and
  // who was made absent stays so, whatever the roster makes of "taken" today.
  const isAbsent = session.is_final
    ? session.taken && session.auto_op_ids.includes(autoOpId)
    : answer.rank === RANK.autoAbsent;
  if (!isAbsent) return UNMARKED;
  return describeRecord({
    mark: 'absent',
    winner_op_id: autoOpId,
    rank: RANK.autoAbsent,
    source: 'system',
    arrivalAt: null,
    excuse_category: null,
    flags: [
      ...(answer.shares_device ? ['shared_device'] : []),
      ...(answer.missed_recheck ? ['recheck_missed'] : []),
    ],
  });
}

/** One line on a record; equal lines are equal records. */
function describeRecord(
  record: Omit<StoredRecord, 'session_id' | 'student_id' | 'arrival_at'> & {
    readonly arrivalAt: string | null;
  },
): string {
  const parts = [
    `${record.mark} by ${record.winner_op_id} (${record.source}, rank ${record.rank})`,
    record.arrivalAt === null ? null : `arrived ${record.arrivalAt}`,
    record.excuse_category,
    record.flags.length === 0 ? null : `flags ${[...record.flags].sort().join(' ')}`,
  ];
  return parts.filter((part) => part !== null).join(', ');
}

const NONE = 'none';

function compareConflicts(
  session: StoredSession,
  register: RegisterRow,
  conflicts: readonly StoredConflict[],
): Difference[] {
  const members = new Set(register.records.map((record) => record.student_id));
  const ofMembers = conflicts.filter(
    ({ student_id }) => student_id === null || members.has(student_id),
  );
  const stored = new Map(ofMembers.map((conflict) => [placeOf(conflict), conflict]));
  const expected = new Map(register.conflicts.map((conflict) => [placeOf(conflict), conflict]));
  return [...new Set([...stored.keys(), ...expected.keys()])].flatMap((place) => {
    const [here, there] = [stored.get(place), expected.get(place)];
    const of = (here ?? there)?.student_id ?? (here ?? there)?.device_key_id ?? null;
    return difference(session, 'conflict', of, describeConflict(here), describeConflict(there));
  });
}

type AnyConflict = Omit<RegisterConflict, 'state'> & { readonly state: string };

const placeOf = ({ kind, student_id, device_key_id }: AnyConflict): string =>
  `${kind}|${student_id}|${device_key_id}`;

function describeConflict(conflict: AnyConflict | undefined): string {
  if (!conflict) return NONE;
  return `${conflict.kind} ${conflict.state}: ${[...conflict.op_ids].sort().join(' ')}`;
}

function difference(
  session: StoredSession,
  subject: Difference['subject'],
  of: Id | null,
  stored: string,
  expected: string,
): Difference[] {
  if (stored === expected) return [];
  return [{ sessionId: session.id, date: session.date, subject, of, stored, expected }];
}

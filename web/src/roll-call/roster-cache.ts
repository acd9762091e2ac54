/** Writes marks into a roster: from answers and live events, the newer version always wins. */
import type {
  AttendanceRecord,
  Fallback,
  MarkCounts,
  Mark,
  MarkResult,
  Roster,
  RosterRow,
  SessionEvent,
} from '../api/types.ts';
import { FALLBACKS, MARKS } from '../api/types.ts';
import type { MarkOperation } from '../api/records.ts';

/** What is known of a record after a change. */
export interface RecordChange {
  readonly student: string;
  readonly mark: Mark | null;
  readonly source: string | null;
  readonly winner_op_id: string | null;
  readonly version: number;
  readonly updated_at: string;
  /** Absent where it is not told: an earlier mark wins again. */
  readonly fallback?: Fallback | null;
  /** Absent where it is not told: the answer to an own mark. */
  readonly flags?: readonly string[];
  /** Claims that waited for a person and were answered by an own mark. */
  readonly answered?: readonly string[];
}

/** The change a live event tells of; null when it is none the reader may see. */
export function changeOf({ type, payload, at }: SessionEvent): RecordChange | null {
  const { student, mark, source, winner_op_id: winner, version, fallback, flags } = payload;
  if (type !== 'record.changed' || typeof student !== 'string' || typeof version !== 'number') {
    return null;
  }
  return {
    student,
    mark: MARKS.find((known) => known === mark) ?? null,
    source: typeof source === 'string' ? source : null,
    winner_op_id: typeof winner === 'string' ? winner : null,
    version,
    updated_at: at,
    ...(fallback === undefined
      ? {}
      : { fallback: FALLBACKS.find((known) => known === fallback) ?? null }),
    ...(Array.isArray(flags)
      ? { flags: flags.filter((flag): flag is string => typeof flag === 'string') }
      : {}),
  };
}

/** The change an answer to a mark tells of. */
export function changeOfOutcome({
  operation,
  result: { student, record },
}: {
  readonly operation: Pick<MarkOperation, 'op_id' | 'fallback' | 'acks'>;
  readonly result: MarkResult;
}): RecordChange | null {
  if (record === null) return null;
  const isOwn = record.winner_op_id === operation.op_id;
  return {
    student,
    ...record,
    ...(isOwn ? { fallback: operation.fallback ?? null } : {}),
    ...(operation.acks === undefined ? {} : { answered: operation.acks }),
  };
}

/** The roster with the changes that are newer than what it holds. */
export function withChanges(roster: Roster, changes: readonly RecordChange[]): Roster {
  const newest = new Map<string, RecordChange>();
  const answered = new Set(changes.flatMap((change) => change.answered ?? []));
  for (const change of changes) {
    if (change.version > (newest.get(change.student)?.version ?? 0)) {
      newest.set(change.student, change);
    }
  }
  return {
    ...roster,
    students: roster.students.map((held) => {
      const row = withoutAnswered(held, answered);
      const change = newest.get(row.student.id);
      if (!change || !tellsMore(change, row.record)) return row;
      return { ...row, record: withChange(roster.session, row.record, change) };
    }),
  };
}

/** Whatever became of the mark that named them, they wait no longer. */
function withoutAnswered(row: RosterRow, answered: ReadonlySet<string>): RosterRow {
  if (!row.waiting.some(({ op_id: id }) => answered.has(id))) return row;
  return { ...row, waiting: row.waiting.filter(({ op_id: id }) => !answered.has(id)) };
}

/** What was read, with rows that live events brought further meanwhile kept. */
export function newerOf(held: Roster | undefined, read: Roster): Roster {
  if (!held) return read;
  const known = new Map(held.students.map((row) => [row.student.id, row]));
  return {
    ...read,
    students: read.students.map((row) => {
      const before = known.get(row.student.id);
      const isOlder = (row.record?.version ?? 0) < (before?.record?.version ?? 0);
      return isOlder && before ? { ...before, student: row.student } : row;
    }),
  };
}

/** The numbers of a whole roll. */
export function countRows(rows: readonly { readonly mark: Mark | null }[]): MarkCounts {
  const counts = { present: 0, late: 0, absent: 0, excused: 0, unmarked: 0, roster: rows.length };
  for (const { mark } of rows) counts[mark ?? 'unmarked'] += 1;
  return counts;
}

/** Newer, or of the same version with a fallback or flags that were not told before. */
function tellsMore(change: RecordChange, held: RosterRow['record']): boolean {
  if (change.version !== (held?.version ?? 0)) return change.version > (held?.version ?? 0);
  const tellsFallback = change.fallback !== undefined && change.fallback !== held?.fallback;
  const tellsFlags = change.flags !== undefined && change.flags.join() !== held?.flags.join();
  return tellsFallback || tellsFlags;
}

function withChange(
  session: string,
  record: RosterRow['record'],
  { student, answered: _answered, ...change }: RecordChange,
): AttendanceRecord {
  const fresh: AttendanceRecord = {
    id: '',
    session,
    student,
    marked_at: null,
    capture_mode: null,
    arrival_at: null,
    excuse_category: null,
    flags: [],
    fallback: null,
    ...change,
  };
  const held = record ?? fresh;
  // Of the same version it is the same mark, of which this tells a part; another has its own reason.
  const untold = change.version === held.version ? held.fallback : null;
  const fallback = change.fallback === undefined ? untold : change.fallback;
  return { ...held, ...change, fallback, marked_at: change.updated_at };
}

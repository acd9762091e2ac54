/** A record with everything behind it as the wire shows it. */
import type { z } from 'zod';
import type {
  HistoryActor,
  HistoryRow,
  RecordConflictRow,
  RecordReading,
} from '../../db/queries/record-history.ts';
import type { RecordListRow } from '../../db/queries/records.ts';
import { rankWord, type Explanation } from '../../domain/attendance/explain.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import { ROLES, type Id, type Role } from '../../domain/types.ts';
import type { ClaimTexts } from '../../operations/records/read-record-texts.ts';
import { presentListedRecord } from './presenter.ts';
import type { historyReply, recordDetailReply } from './schema.ts';

type Texts = ReadonlyMap<Id, ClaimTexts>;
type Reply = z.input<typeof historyReply>;

/** A record with the texts of the claim that decided it. */
export function presentRecordDetail(
  row: RecordListRow,
  operations: readonly HistoryRow[],
  texts: Texts,
): z.input<typeof recordDetailReply> {
  const winner = operations.find((op) => op.opId === row.winnerOpId);
  return { ...presentListedRecord(row), ...presentTexts(winner, texts) };
}

/** The history of a record. */
export interface RecordHistory {
  readonly record: RecordListRow;
  readonly reading: RecordReading;
  readonly operations: readonly HistoryRow[];
  readonly explanations: readonly Explanation[];
  readonly conflicts: readonly RecordConflictRow[];
  readonly texts: Texts;
  readonly viewerId: Id;
}

/** Every claim behind a record, oldest first, with the reason it won or lost. */
export function presentHistory(history: RecordHistory): Reply {
  const { record, reading, operations, conflicts } = history;
  const own = new Set(operations.map((op) => op.opId));
  const explained = new Map(history.explanations.map((found) => [found.opId, found]));
  return {
    record: presentListedRecord(record),
    operations: operations.map((op) => {
      const explanation = explained.get(op.opId);
      if (!explanation) throw new Error(`operation ${op.opId} was not explained`);
      return presentOperation(op, explanation, history);
    }),
    conflicts: conflicts.map((conflict) => ({
      id: conflict.id,
      kind: conflict.kind,
      state: conflict.state,
      // Claims of other students on the same device are for staff of the class alone.
      op_ids: conflict.opIds.filter((opId) => reading.mayReadTexts || own.has(opId)),
      opened_at: conflict.openedAt,
      settled_at: conflict.settledAt,
    })),
  };
}

function presentOperation(
  op: HistoryRow,
  explanation: Explanation,
  { texts, viewerId }: RecordHistory,
): Reply['operations'][number] {
  return {
    op_id: op.opId,
    kind: op.kind,
    mark: op.mark,
    excuse_category: op.excuseCategory,
    source: op.source,
    capture_mode: op.captureMode,
    phase: op.phase,
    rank: op.rank,
    counted_rank: explanation.countedRank,
    rank_word: rankWord(explanation.countedRank),
    who: op.actor && {
      name: op.actor.name,
      role: roleOf(op, op.actor),
      is_self: op.actor.id === viewerId,
    },
    effective_at: new Date(op.effAtMs).toISOString(),
    received_at: new Date(op.receivedAtMs).toISOString(),
    captured_at: op.capturedAt,
    clock_trust: op.clockTrust,
    device_id: op.deviceId,
    location: op.location && {
      verdict: op.location.verdict,
      distance_m: op.location.distanceM,
    },
    fallback: op.fallback,
    outcome: op.outcome,
    outcome_code: op.outcomeCode,
    base_op_id: op.baseOpId,
    acks: [...op.acks],
    target_op_id: op.targetOpId,
    flags: [...op.flags],
    ...presentTexts(op, texts),
    is_withdrawn: explanation.isWithdrawn,
    is_winner: explanation.isWinner,
    why: { code: explanation.code, text: explanation.text },
  };
}

function presentTexts(op: HistoryRow | undefined, texts: Texts) {
  const opened = op && texts.get(op.opId);
  return {
    notes: opened?.notes ?? null,
    reason: opened?.reason ?? null,
    has_notes: Boolean(op?.notesSealed),
    has_reason: Boolean(op?.reasonSealed),
  };
}

/** The role somebody spoke in: that of the claim's rank where the person holds it still. */
function roleOf(op: HistoryRow, actor: HistoryActor): Role | null {
  if (actor.isStudent) return 'student';
  const expected = ROLES_OF_RANK.get(op.rank) ?? ROLES;
  return [...expected, ...ROLES].find((role) => actor.roles.includes(role)) ?? null;
}

const ROLES_OF_RANK: ReadonlyMap<number, readonly Role[]> = new Map<number, readonly Role[]>([
  [RANK.faculty, ['faculty']],
  [RANK.override, ['hod', 'admin']],
]);

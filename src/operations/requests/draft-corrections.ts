/** Evidence that arrives after the lock becomes a correction request (marks.md section 6). */
import { auditEntry, sessionChain, type AuditEntry } from '../../audit/append-log.ts';
import { rows, type Em } from '../../db/orm.ts';
import { punctuality } from '../../domain/attendance/resolver.ts';
import { isMachineRank, RANK } from '../../domain/attendance/ranks.ts';
import type { ExcuseCategory, Id, Mark } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import type { OperationDraft } from '../records/operation-draft.ts';
import { resolutionContext } from '../records/settle-records.ts';
import type { LockedSession } from '../sessions/session-row.ts';
import { caseDeadline } from './case-deadline.ts';

/** What late evidence of one session led to. */
export interface DraftedCorrections {
  /** The request that holds a claim's evidence, by the id of the claim. */
  readonly requestOf: ReadonlyMap<Id, Id>;
  /** Claims that say what the record says already; they lead nowhere. */
  readonly needless: ReadonlySet<Id>;
  readonly audit: readonly AuditEntry[];
}

const REASON = 'Evidence captured in time arrived after this class was locked.';

/**
 * Files a pending correction for each student whose late evidence differs from the record, or lets
 * the evidence join the pending one. Appends nothing itself: the events are the caller's to append.
 */
export async function draftCorrections(
  operation: Operation,
  em: Em,
  locked: LockedSession,
  drafts: readonly OperationDraft[],
): Promise<DraftedCorrections> {
  const requestOf = new Map<Id, Id>();
  const needless = new Set<Id>();
  const audit: AuditEntry[] = [];
  if (drafts.length === 0) return { requestOf, needless, audit };
  const state = await readState(
    em,
    locked.session.id,
    drafts.map((draft) => draft.studentId),
  );
  const expiresAt = await deadlineOf(em, locked);
  for (const draft of drafts) {
    const current = state.get(draft.studentId) ?? { mark: null, pending: null, userId: null };
    const toMark = claimedMark(locked, draft);
    if (current.pending === null && current.mark === toMark) {
      needless.add(draft.opId);
      continue;
    }
    if (current.pending === null) {
      const filed = await file(operation, em, locked, {
        draft,
        toMark,
        fromMark: current.mark,
        requesterId: operation.actor.userId ?? current.userId,
        expiresAt,
      });
      state.set(draft.studentId, { ...current, pending: filed.id });
      audit.push(filed.entry);
    }
    const requestId = state.get(draft.studentId)?.pending;
    if (requestId) requestOf.set(draft.opId, requestId);
  }
  return { requestOf, needless, audit };
}

interface Current {
  readonly mark: Mark | null;
  readonly pending: Id | null;
  readonly userId: Id | null;
}

async function readState(
  em: Em,
  sessionId: Id,
  studentIds: readonly Id[],
): Promise<Map<Id, Current>> {
  const found = await rows<{
    student_id: Id;
    user_id: Id;
    mark: Mark | null;
    pending: Id | null;
  }>(
    em,
    `select st.id as student_id, st.user_id, r.mark, c.id as pending
     from student st
     left join attendance_record r on r.session_id = ?::uuid and r.student_id = st.id
     left join correction_request c on c.session_id = ?::uuid and c.student_id = st.id
       and c.status = 'pending'
     where st.id = any(?::uuid[])`,
    [sessionId, sessionId, [...new Set(studentIds)]],
  );
  return new Map(
    found.map((row) => [
      row.student_id,
      { mark: row.mark, pending: row.pending, userId: row.user_id },
    ]),
  );
}

async function deadlineOf(em: Em, { session, nowMs }: LockedSession): Promise<string> {
  const [campus] = await rows<{ zone: string }>(em, 'select zone from campus where id = ?::uuid', [
    session.campusId,
  ]);
  if (!campus) throw new Error('a session without a campus');
  const place = { campusId: session.campusId, zone: campus.zone };
  return caseDeadline(em, place, session.scheduledDate, nowMs);
}

/** The mark the claim would give: a machine's by its arrival, a leave's excuse, a person's word. */
function claimedMark({ session }: LockedSession, draft: OperationDraft): Mark {
  if (draft.rank === RANK.leave) return 'excused';
  if (!isMachineRank(draft.rank) || draft.effAt === undefined) return draft.mark ?? 'present';
  return punctuality(resolutionContext(session, draft.studentId), Date.parse(draft.effAt));
}

interface NewDraft {
  readonly draft: OperationDraft;
  readonly toMark: Mark;
  readonly fromMark: Mark | null;
  readonly requesterId: Id | null;
  readonly expiresAt: string;
}

async function file(
  operation: Operation,
  em: Em,
  { session, nowMs }: LockedSession,
  { draft, toMark, fromMark, requesterId, expiresAt }: NewDraft,
): Promise<{ id: Id; entry: AuditEntry }> {
  const id = operation.ids.next();
  const category: ExcuseCategory | null =
    toMark === 'excused' ? (draft.excuseCategory ?? 'other') : null;
  const place = { table: 'correction_request', column: 'reason_sealed', rowId: id };
  const reason = await operation.sealer.seal(`student:${draft.studentId}`, place, REASON);
  await rows(
    em,
    `insert into correction_request (id, session_id, student_id, requested_by_id, from_mark, to_mark,
       excuse_category, reason_sealed, submitted_at, expires_at)
     values (?::uuid, ?::uuid, ?::uuid, ?::uuid, ?, ?, ?, ?, ?::timestamptz, ?::timestamptz)`,
    [
      id,
      session.id,
      draft.studentId,
      requesterId,
      fromMark,
      toMark,
      category,
      reason,
      new Date(nowMs).toISOString(),
      expiresAt,
    ],
  );
  await rows(
    em,
    `insert into outbox (id, kind, payload) values (?::uuid, 'start_case', ?::jsonb)`,
    [operation.ids.next(), JSON.stringify({ kind: 'correction', caseId: id })],
  );
  const entry = auditEntry(operation.actor, {
    chain: sessionChain(session.id),
    action: 'correction.requested',
    entityType: 'CorrectionRequest',
    entityId: id,
    sessionId: session.id,
    studentId: draft.studentId,
    before: null,
    after: {
      status: 'pending',
      expires_at: expiresAt,
      from_mark: fromMark,
      to_mark: toMark,
      excuse_category: category,
      drafted_from: draft.opId,
    },
  });
  return { id, entry };
}

/** Which records carry an open contradiction or a claim that waits for a person (marks.md section 12). */
import type { ReviewCode } from '../../domain/attendance/results.ts';
import type { CaptureMode, Id, MarkSource } from '../../domain/types.ts';

/** The original's `sync_status` of a record. */
export const SYNC_STATUSES = ['pending', 'synced', 'conflict'] as const;
export type SyncStatus = (typeof SYNC_STATUSES)[number];

/**
 * (session_id, student_id) of records that an open contradiction names; one of several students on
 * a device names each of them through their claims.
 * @param sessions  a subquery of session ids that narrows the search, or nothing
 */
export function conflictedPairs(sessions?: string): string {
  const narrow = sessions === undefined ? '' : `and k.session_id in (${sessions})`;
  return `
    select k.session_id, k.student_id from attendance_conflict k
      where k.state = 'open' and k.student_id is not null ${narrow}
    union
    select ko.session_id, ko.student_id from attendance_conflict k
      join attendance_operation ko on ko.op_id = any(k.op_ids)
      where k.state = 'open' and k.student_id is null ${narrow}`;
}

/**
 * (session_id, student_id) of students with a claim that waits for a person.
 * @param narrow  a condition over the claim `w` that narrows the search, or nothing
 */
export function waitingPairs(narrow = 'true'): string {
  return `select distinct w.session_id, w.student_id ${fromWaiting(narrow)}`;
}

/** Most waiting claims of one student that are read: as many as a mark may name in `acks`. */
const WAITING_CLAIMS_MAX = 50;

/** A claim that waits for a person. */
export interface WaitingClaim {
  readonly opId: Id;
  readonly source: MarkSource;
  readonly captureMode: CaptureMode;
  /** Why it waits. */
  readonly code: ReviewCode;
  /** As the database writes instants into JSON, until `toInstant` made an instant of it. */
  readonly effectiveAt: string;
}

/**
 * (session_id, student_id, claims) of the same students: `claims` are those that a mark on the roll
 * answers, the oldest first. Own entries are not among them: they are decided as requests.
 * @param narrow  a condition over the claim `w` that narrows the search
 */
export function waitingClaims(narrow: string): string {
  return `
    select w.session_id, w.student_id, to_jsonb((array_agg(jsonb_build_object(
        'opId', w.op_id, 'source', w.source, 'captureMode', w.capture_mode,
        'effectiveAt', w.eff_at, 'code', coalesce(w.outcome_code, 'offline_unconfirmed'))
        order by w.received_at, w.op_id) filter (where w.rank <> 20))[1:${WAITING_CLAIMS_MAX}]) as claims
      ${fromWaiting(narrow)} group by w.session_id, w.student_id`;
}

/**
 * Claims in review, self-entries and unconfirmed offline scans that were neither taken back nor
 * answered: by a person who named it, by a correction made after it came, or by the end of the
 * request that was drafted from it.
 */
function fromWaiting(narrow: string): string {
  return `
    from attendance_operation w
      join attendance_session ws on ws.id = w.session_id
      where w.kind = 'mark' and ${narrow}
        and (w.outcome = 'review' or (w.outcome = 'admitted' and (w.rank = 20
          or (w.rank = 30 and ws.policy ->> 'offlineQr' is distinct from 'provisional'))))
        and not exists (select 1 from correction_request wc
          where wc.id = w.correction_request_id and wc.status <> 'pending')
        and not exists (select 1 from attendance_operation a
          where a.session_id = w.session_id and a.student_id = w.student_id
            and a.outcome = 'admitted'
            and ((a.kind = 'withdraw' and a.target_op_id = w.op_id)
              or (a.kind = 'mark' and a.rank >= 80 and (a.base_op_id = w.op_id
                or w.op_id = any(a.acks)
                or (a.rank = 100 and a.received_at >= w.received_at)))))`;
}

/** The word for a record: a contradiction outweighs a waiting claim. */
export function syncStatusOf(hasConflict: boolean, isWaiting: boolean): SyncStatus {
  if (hasConflict) return 'conflict';
  return isWaiting ? 'pending' : 'synced';
}

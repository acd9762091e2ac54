/** Contradictions as the wire shows them. */
import type { z } from 'zod';
import type {
  ConflictClaim,
  ConflictListRow,
  ConflictStudent,
} from '../../db/queries/conflicts.ts';
import type { conflictDetailReply, conflictReply } from './schema.ts';

/** A contradiction of a list. */
export function presentConflict(row: ConflictListRow): z.input<typeof conflictReply> {
  return {
    id: row.id,
    session: row.sessionId,
    kind: row.kind,
    state: row.state,
    opened_at: row.openedAt,
    settled_at: row.settledAt,
    resolved_by: row.resolvedBy,
    version: row.version,
    student: row.student && presentStudent(row.student),
    mark: row.mark,
    session_detail: {
      scheduled_date: row.scheduledDate,
      start_datetime: row.startAt,
      course_code: row.courseCode,
      section_name: row.sectionName,
      status: row.sessionStatus,
    },
    can_resolve: row.mayResolve,
  };
}

/** A contradiction with the claims it names. */
export function presentConflictDetail(
  row: ConflictListRow,
  claims: readonly ConflictClaim[],
): z.input<typeof conflictDetailReply> {
  return {
    ...presentConflict(row),
    claims: claims.map((claim) => ({
      op_id: claim.opId,
      student: presentStudent(claim.student),
      mark: claim.mark,
      rank: claim.rank,
      source: claim.source,
      capture_mode: claim.captureMode,
      effective_at: claim.effAt,
      received_at: claim.receivedAt,
      by: claim.by,
      holds_record: claim.isWinner,
      on_roster: claim.isOnRoster,
    })),
  };
}

function presentStudent({ id, rollNumber, firstName, lastName }: ConflictStudent) {
  return { id, roll_number: rollNumber, first_name: firstName, last_name: lastName };
}

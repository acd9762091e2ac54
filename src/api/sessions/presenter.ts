/** Session rows as the wire shows them: the original's nested shape, never a displayed code. */
import type { z } from 'zod';
import type { RecordListRow } from '../../db/queries/records.ts';
import type { WaitingClaim } from '../../db/queries/record-sync.ts';
import type { SessionListRow } from '../../db/queries/sessions.ts';
import { edgeRefusal, effectiveStatus } from '../../domain/session/transitions.ts';
import { selfEntryWindow } from '../../domain/session/self-entry-window.ts';
import type { SessionEdge } from '../../domain/types.ts';
import type { recordReply, sessionReply, waitingClaimReply } from './schema.ts';

/** A session as the wire shows it, with what the asker may do at `nowMs`. */
export function presentSession(row: SessionListRow, nowMs: number): z.input<typeof sessionReply> {
  return {
    id: row.id,
    course_section: {
      id: row.courseSectionId,
      course: { id: row.courseId, code: row.courseCode, name: row.courseName },
      section_name: row.sectionName,
    },
    faculty: {
      id: row.facultyId,
      first_name: row.facultyFirstName,
      last_name: row.facultyLastName,
    },
    scheduled_date: row.scheduledDate,
    start_datetime: row.startAt,
    end_datetime: row.endAt,
    opens_at: row.opensAt,
    closes_at: row.closesAt,
    lock_due_at: row.lockDueAt,
    timezone: row.zone,
    room: row.room,
    status: row.status,
    kind: row.kind,
    component: row.component,
    units: row.units,
    attendance_count: row.present + row.late,
    counts: {
      present: row.present,
      late: row.late,
      absent: row.absent,
      excused: row.excused,
      unmarked: row.unmarked,
      roster: row.roster,
      conflicts: row.conflicts,
    },
    biometric_enabled: row.biometricEnabled,
    auto_open: row.autoOpen,
    auto_opened: row.autoOpened,
    auto_closed: row.autoClosed,
    taken: row.taken,
    shows_codes: row.showsCodes,
    qr_expires_at: displayEnd(row, nowMs),
    self_entry: selfEntryOf(row),
    notes: row.notes,
    epoch: row.epoch,
    version: row.version,
    can: allowedActions(row, nowMs),
  };
}

/** When the display of codes that runs now ends; null where none runs. Never a code. */
function displayEnd(row: SessionListRow, nowMs: number): string | null {
  const isShown = row.displayEndsAt !== null && nowMs < Date.parse(row.displayEndsAt);
  return isShown && effectiveStatus(row, nowMs) === 'open' ? row.displayEndsAt : null;
}

/** Until when students may enter themselves; null where the class takes no own entries. */
function selfEntryOf(row: SessionListRow): z.input<typeof sessionReply>['self_entry'] {
  const { selfEntryEnabled: enabled, selfEntryMinutes, startAt } = row;
  const { closesAt } = selfEntryWindow({ startAt, policy: { selfEntryMinutes } });
  return { enabled, closes_at: enabled ? closesAt : null };
}

function allowedActions(row: SessionListRow, nowMs: number): z.input<typeof sessionReply>['can'] {
  const status = effectiveStatus(row, nowMs);
  const may = (edge: SessionEdge): boolean =>
    (edge === 'lock' ? row.mayLock : row.mayRun) &&
    edgeRefusal(row, edge, 'person', nowMs) === null;
  return {
    mark: row.mayMark && (status === 'open' || status === 'closed'),
    open: may('open'),
    close: may('close'),
    reopen: may('reopen'),
    lock: may('lock'),
    cancel: may('cancel'),
    restore: may('restore'),
    reschedule: may('reschedule'),
  };
}

/** A record as the wire shows it; `location` comes with captures by phone, without coordinates. */
export function presentRecord(
  row: Pick<
    RecordListRow,
    | 'id'
    | 'sessionId'
    | 'studentId'
    | 'mark'
    | 'markedAt'
    | 'source'
    | 'captureMode'
    | 'arrivalAt'
    | 'excuseCategory'
    | 'deviceId'
    | 'location'
    | 'fallback'
    | 'syncStatus'
    | 'flags'
    | 'winnerOpId'
    | 'version'
    | 'updatedAt'
  >,
): z.input<typeof recordReply> {
  return {
    id: row.id,
    session: row.sessionId,
    student: row.studentId,
    mark: row.mark,
    marked_at: row.markedAt,
    source: row.source,
    capture_mode: row.captureMode,
    arrival_at: row.arrivalAt,
    excuse_category: row.excuseCategory,
    device_id: row.deviceId,
    location: row.location && {
      verdict: row.location.verdict,
      distance_m: row.location.distanceM,
    },
    fallback: row.fallback,
    sync_status: row.syncStatus,
    flags: [...row.flags],
    winner_op_id: row.winnerOpId,
    version: row.version,
    updated_at: row.updatedAt,
  };
}

/** A claim that waits for a person. */
export function presentWaitingClaim(claim: WaitingClaim): z.input<typeof waitingClaimReply> {
  return {
    op_id: claim.opId,
    source: claim.source,
    capture_mode: claim.captureMode,
    code: claim.code,
    effective_at: claim.effectiveAt,
  };
}

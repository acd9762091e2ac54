/** Results of marks and listed records as the wire shows them. */
import type { z } from 'zod';
import type { RecordListRow } from '../../db/queries/records.ts';
import type { ResultStatus } from '../../domain/attendance/results.ts';
import type { OperationResult } from '../../operations/records/apply-operations.ts';
import { presentRecord } from '../sessions/presenter.ts';
import type { listedRecordReply, resultCounts, resultReply } from './schema.ts';

type Result = z.input<typeof resultReply>;

/** What became of one claim; `original` is the first answer of a repeat. */
export function presentResult(result: OperationResult): Result {
  return { ...flat(result), original: result.original && flat(result.original) };
}

function flat(result: OperationResult): Omit<Result, 'original'> {
  const { record } = result;
  return {
    op_id: result.opId,
    student: result.studentId,
    status: result.status,
    code: result.code,
    detail: result.detail,
    ...result.times,
    record: record && {
      id: record.id,
      mark: record.mark,
      source: record.source,
      capture_mode: record.captureMode,
      winner_op_id: record.winnerOpId,
      version: record.version,
      updated_at: record.updatedAt,
    },
    conflict_ids: [...(result.conflictIds ?? [])],
    won: result.won ?? null,
  };
}

/** How many claims ended each way. */
export function countByStatus(results: readonly OperationResult[]): z.input<typeof resultCounts> {
  const count = (status: ResultStatus): number =>
    results.filter((result) => result.status === status).length;
  return {
    applied: count('applied'),
    superseded: count('superseded'),
    conflict_resolved: count('conflict_resolved'),
    needs_review: count('needs_review'),
    duplicate: count('duplicate'),
    rejected: count('rejected'),
    retry: count('retry'),
  };
}

/** A record of a list with what the screen shows of its session. */
export function presentListedRecord(row: RecordListRow): z.input<typeof listedRecordReply> {
  return {
    ...presentRecord(row),
    session_detail: {
      scheduled_date: row.scheduledDate,
      start_datetime: row.startAt,
      course_code: row.courseCode,
      course_name: row.courseName,
      section_name: row.sectionName,
      status: row.sessionStatus,
    },
  };
}

/** Starts the exit scan of a class whose stay counts (presence.md section 8). */
import { auditEntry, sessionChain } from '../../audit/append-log.ts';
import { firstRow, toInstantOrNull, type Em } from '../../db/orm.ts';
import { appError } from '../../domain/errors.ts';
import type { Id, Instant } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { appendMarks } from '../records/append-marks.ts';
import { markingRank, type MarkScope } from '../records/mark-records.ts';
import { lockSessionNow, lookAtSession, type SessionRow } from '../sessions/session-row.ts';
import { requireOpen } from './start-display.ts';

/** The exit scan belongs to the end of a class. */
const LAST_MS = 15 * 60_000;

const earliestMs = ({ endAt }: SessionRow): number => Date.parse(endAt) - LAST_MS;

/** How the exit scan of a class stands. */
export interface ExitScanView {
  /** Whether the time stayed counts; without it there is nothing to scan for. */
  readonly stayCounts: boolean;
  readonly startsAt: Instant;
  readonly startsInMs: number;
  readonly startedAt: Instant | null;
}

/** Whether staff may start the exit scan, and whether they did. @throws AppError `not_found` */
export async function readExitScan(em: Em, sessionId: Id): Promise<ExitScanView> {
  const { session, nowMs } = await lookAtSession(em, sessionId);
  const row = await firstRow<{ at: string | null }>(
    em,
    'select exit_started_at as at from session_display where session_id = ?::uuid',
    [sessionId],
  );
  return {
    stayCounts: session.policy.stayMode === 'first_last',
    startsAt: new Date(earliestMs(session)).toISOString(),
    startsInMs: Math.max(0, earliestMs(session) - nowMs),
    startedAt: toInstantOrNull(row?.at ?? null),
  };
}

/**
 * From now on the display shows exit codes; starting it again changes nothing.
 * @throws AppError `not_found`, `not_staff`, `session_not_open` and its kin, `qr_disabled` where
 *   the class shows no codes, `state_conflict` where stays do not count or the end is not near
 */
export async function startExitScan(
  operation: Operation,
  scope: MarkScope,
  sessionId: Id,
): Promise<void> {
  await operation.em.transactional(async (em) => {
    await markingRank(em, scope, sessionId);
    const locked = await lockSessionNow(em, sessionId);
    requireOpen(locked);
    const { session, nowMs } = locked;
    if (session.policy.stayMode !== 'first_last') {
      throw appError(
        'state_conflict',
        'The time stayed does not count in this class; an administrator sets its STAY_MODE to first_last.',
      );
    }
    const earlyMs = earliestMs(session) - nowMs;
    if (earlyMs > 0) {
      const minutes = Math.ceil(earlyMs / 60_000);
      throw appError(
        'state_conflict',
        `The exit scan starts in the last 15 minutes of a class: here in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}.`,
      );
    }
    const row = await firstRow<{ has_started: boolean }>(
      em,
      `update session_display d set exit_started_at = coalesce(d.exit_started_at, app_clock())
       from (select session_id, exit_started_at from session_display
         where session_id = ?::uuid for update) was
       where d.session_id = was.session_id
       returning was.exit_started_at is not null as has_started`,
      [sessionId],
    );
    if (!row) throw appError('qr_disabled', 'Show the codes of the class first.');
    if (row.has_started) return;
    await appendMarks(em, operation, session, [], [], {
      // The pages of others who teach the class show it, too.
      sessionChanged: true,
      audit: [
        auditEntry(operation.actor, {
          chain: sessionChain(sessionId),
          action: 'session.exit_scan_started',
          entityType: 'AttendanceSession',
          entityId: sessionId,
          sessionId,
        }),
      ],
    });
  });
}

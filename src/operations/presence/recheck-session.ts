/** Re-checks: drawn, shown to the students picked, settled when their time is over (presence.md section 8). */
import { auditEntry, sessionChain, type AuditEntry } from '../../audit/append-log.ts';
import { firstRow, rows, toInstant, toInstantOrNull, type Em } from '../../db/orm.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import { appError } from '../../domain/errors.ts';
import { drawSample, RECHECK_SECONDS, type Dice } from '../../domain/presence/recheck.ts';
import type { Id, Instant } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { appendMarks } from '../records/append-marks.ts';
import { settleRoster } from '../records/become-taken.ts';
import { markingRank, type MarkScope } from '../records/mark-records.ts';
import { rosterOf } from '../records/roster.ts';
import {
  lockSessionForUpdate,
  lockSessionNow,
  readClock,
  type SessionRow,
} from '../sessions/session-row.ts';
import { requireOpen } from './start-display.ts';
import { tellOfMisses, tellOfRecheck } from './tell-of-presence.ts';

/** A re-check as staff see it. */
export interface RecheckView {
  readonly status: 'planned' | 'running' | 'settled' | 'cancelled';
  readonly startedAt: Instant | null;
  readonly endsAt: Instant | null;
  /** Until its end, by the clock of the server; 0 unless it runs. */
  readonly remainingMs: number;
  readonly picked: number;
  readonly passed: number;
  readonly missed: number;
}

/** A student's own part in a running re-check. */
export interface OwnRecheck {
  readonly until: Instant;
  readonly remainingMs: number;
}

/**
 * Starts the re-check of an open session now, at the word of its staff.
 * @throws AppError `not_found`, `not_staff`, `session_not_open` and its kin, `qr_disabled` where the
 *   class shows no codes, `state_conflict` when it had its re-check, nobody has scanned or marking
 *   closes before the time of those drawn would be over
 */
export async function startRecheck(
  operation: Operation,
  scope: MarkScope,
  sessionId: Id,
  dice: Dice,
): Promise<RecheckView> {
  return operation.em.transactional(async (em) => {
    await markingRank(em, scope, sessionId);
    const locked = await lockSessionNow(em, sessionId);
    requireOpen(locked);
    const { session, nowMs } = locked;
    if (!hasTimeLeft(session, nowMs)) {
      throw appError('state_conflict', 'Marking closes before students could scan again.');
    }
    const shown = await firstRow(em, 'select 1 from session_display where session_id = ?::uuid', [
      sessionId,
    ]);
    if (!shown) throw appError('qr_disabled', 'Show the codes of the class first.');
    const picked = await draw(operation, em, session, dice);
    if (picked === null) {
      throw appError('state_conflict', 'This class had its re-check already.');
    }
    if (picked === 0) throw appError('state_conflict', 'Nobody has scanned in this class yet.');
    const view = await readRecheck(em, sessionId);
    if (!view) throw new Error('a re-check vanished in its transaction');
    return view;
  });
}

/** Whether those drawn now would have their whole time before marking closes. */
const hasTimeLeft = ({ closesAt }: SessionRow, nowMs: number): boolean =>
  Date.parse(closesAt) - nowMs >= RECHECK_SECONDS * 1_000;

/**
 * Draws the students and starts their time.
 * @returns how many were drawn; null where the session had its re-check
 */
async function draw(
  operation: Operation,
  em: Em,
  session: SessionRow,
  dice: Dice,
): Promise<number | null> {
  const { ids, actor } = operation;
  const known = await firstRow<{ status: RecheckView['status'] }>(
    em,
    'select status from recheck where session_id = ?::uuid for update',
    [session.id],
  );
  if (known && known.status !== 'planned') return null;
  const scanned = await rows<{ student_id: Id; rank: number }>(
    em,
    `select student_id, rank from attendance_record
     where session_id = ?::uuid and source = 'qr' and mark in ('present', 'late')`,
    [session.id],
  );
  if (scanned.length === 0) return 0;
  const flagged = scanned.filter(({ rank }) => rank <= RANK.weak).map((row) => row.student_id);
  const percent = session.policy.recheckPercent;
  const picked = drawSample(
    scanned.map((row) => row.student_id),
    flagged,
    percent,
    dice,
  );
  const row = await firstRow<{ id: Id; ends_at: string }>(
    em,
    `insert into recheck as k (id, session_id, status, started_by_id, percent, due_at, started_at, ends_at)
     values (?::uuid, ?::uuid, 'running', ?::uuid, ?::int, app_clock(), app_clock(),
       app_clock() + make_interval(secs => ${RECHECK_SECONDS}))
     on conflict (session_id) do update set status = 'running', started_by_id = excluded.started_by_id,
       started_at = excluded.started_at, ends_at = excluded.ends_at
     returning k.id, k.ends_at`,
    [ids.next(), session.id, actor.userId, percent],
  );
  if (!row) throw new Error('a re-check was not written');
  await rows(
    em,
    `insert into recheck_pick (recheck_id, student_id, was_flagged)
     select ?::uuid, n.student_id, n.student_id = any(?::uuid[]) from unnest(?::uuid[]) as n(student_id)`,
    [row.id, flagged, picked],
  );
  await tellOfRecheck(operation, em, session.id, { picked, until: toInstant(row.ends_at) });
  await appendRecheck(operation, em, session, 'session.recheck_started', {
    picked: picked.length,
    flagged: flagged.length,
  });
  return picked.length;
}

async function appendRecheck(
  operation: Operation,
  em: Em,
  session: SessionRow,
  action: string,
  after: NonNullable<AuditEntry['after']>,
): Promise<void> {
  await appendMarks(em, operation, session, [], [], {
    sessionChanged: true,
    audit: [recheckEvent(operation, session.id, action, after)],
  });
}

function recheckEvent(
  { actor }: Operation,
  sessionId: Id,
  action: string,
  after: NonNullable<AuditEntry['after']>,
): AuditEntry {
  return auditEntry(actor, {
    chain: sessionChain(sessionId),
    action,
    entityType: 'Recheck',
    entityId: sessionId,
    sessionId,
    after,
  });
}

/** What a pass over due re-checks did. */
export interface RecheckPass {
  readonly started: number;
  readonly settled: number;
}

/**
 * Starts the re-checks whose moment came and settles those whose time is over, each in a transaction
 * of its own. Repeating it changes nothing; the workflow `presencePass` calls it every minute.
 */
export async function runDueRechecks(operation: Operation, dice: Dice): Promise<RecheckPass> {
  const due = await rows<{ session_id: Id; status: 'planned' | 'running' }>(
    operation.em,
    `select session_id, status from recheck
     where (status = 'planned' and due_at <= app_clock())
       or (status = 'running' and ends_at <= app_clock()) order by session_id`,
  );
  let [started, settled] = [0, 0];
  for (const { session_id: sessionId, status } of due) {
    if (status === 'running') settled += (await settleRecheck(operation, sessionId)) ? 1 : 0;
    else started += (await startPlanned(operation, sessionId, dice)) ? 1 : 0;
  }
  return { started, settled };
}

/** Starts a planned re-check; one whose class is over by now is cancelled. */
async function startPlanned(operation: Operation, sessionId: Id, dice: Dice): Promise<boolean> {
  return operation.em.fork().transactional(async (em) => {
    const session = await lockSessionForUpdate(em, sessionId);
    const nowMs = await readClock(em);
    const isOver = session.status !== 'open' || !hasTimeLeft(session, nowMs);
    const picked = isOver ? 0 : await draw({ ...operation, em }, em, session, dice);
    if (picked === null) return false;
    if (picked > 0) return true;
    await rows(
      em,
      "update recheck set status = 'cancelled' where session_id = ?::uuid and status = 'planned'",
      [sessionId],
    );
    return false;
  });
}

/**
 * Ends a re-check: who was picked and did not scan again has missed it, and the scans of those count
 * as weak from then on. It never makes anybody absent by itself. Where marking closed earlier, nobody
 * could answer any more: such a re-check is cancelled and nobody has missed it.
 * @returns whether this call settled it
 */
async function settleRecheck(operation: Operation, sessionId: Id): Promise<boolean> {
  return operation.em.fork().transactional(async (em) => {
    const session = await lockSessionForUpdate(em, sessionId);
    const row = await firstRow<{ id: Id; status: RecheckView['status'] }>(
      em,
      `update recheck k set settled_at = app_clock(), status = case
         when s.status = 'cancelled' or least(s.closed_at, s.closes_at) < k.ends_at then 'cancelled'
         else 'settled' end
       from attendance_session s
       where s.id = k.session_id and k.session_id = ?::uuid and k.status = 'running'
         and k.ends_at <= app_clock()
       returning k.id, k.status`,
      [sessionId],
    );
    if (!row) return false;
    if (row.status === 'cancelled') {
      await appendRecheck({ ...operation, em }, em, session, 'session.recheck_cancelled', {});
      return false;
    }
    const missed = await rows<{ student_id: Id }>(
      em,
      `update recheck_pick set missed = true where recheck_id = ?::uuid and passed_at is null
       returning student_id`,
      [row.id],
    );
    const isFinal = session.status === 'locked';
    const own = { ...operation, em };
    const effect =
      missed.length === 0 || isFinal
        ? null
        : await settleRoster(em, own, session, await rosterOf(em, session));
    await tellOfMisses(own, em, sessionId, missed.length);
    await appendMarks(em, own, session, effect?.operations ?? [], effect?.changes ?? [], {
      conflicts: effect?.conflicts ?? [],
      sessionChanged: true,
      audit: [
        recheckEvent(own, sessionId, 'session.recheck_settled', { missed: missed.length }),
        ...missed.map(({ student_id: studentId }) => ({
          ...recheckEvent(own, sessionId, 'student.recheck_missed', {}),
          studentId,
        })),
      ],
    });
    return true;
  });
}

/**
 * Cancels the re-check that runs while its class is closed or cancelled: nobody can answer it any
 * more, and a class that is reopened or restored must not find that they missed it. One whose time
 * was over before stays to be settled.
 * @param endedAt  until when the class took scans
 * @returns the events to append with those of the class
 */
export async function cancelRunningRecheck(
  operation: Operation,
  em: Em,
  sessionId: Id,
  endedAt: Instant,
): Promise<AuditEntry[]> {
  const cancelled = await rows(
    em,
    `update recheck set status = 'cancelled', settled_at = app_clock()
     where session_id = ?::uuid and status = 'running' and ends_at > ?::timestamptz returning id`,
    [sessionId, endedAt],
  );
  return cancelled.map(() => recheckEvent(operation, sessionId, 'session.recheck_cancelled', {}));
}

/** The re-check of a session, or null where it has none. */
export async function readRecheck(em: Em, sessionId: Id): Promise<RecheckView | null> {
  const row = await firstRow<{
    status: RecheckView['status'];
    started_at: string | null;
    ends_at: string | null;
    remaining_ms: number;
    picked: number;
    passed: number;
    missed: number;
  }>(
    em,
    `select k.status, k.started_at, k.ends_at,
       case when k.status = 'running' then ${REMAINING_MS} else 0 end as remaining_ms,
       count(p.student_id)::int as picked, count(p.passed_at)::int as passed,
       count(*) filter (where p.missed)::int as missed
     from recheck k left join recheck_pick p on p.recheck_id = k.id
     where k.session_id = ?::uuid group by k.id`,
    [sessionId],
  );
  if (!row) return null;
  return {
    status: row.status,
    startedAt: toInstantOrNull(row.started_at),
    endsAt: toInstantOrNull(row.ends_at),
    remainingMs: row.remaining_ms,
    picked: row.picked,
    passed: row.passed,
    missed: row.missed,
  };
}

/** Clocks of phones and laptops are not asked how much time is left. */
const REMAINING_MS = 'greatest(0, ceil(extract(epoch from k.ends_at - app_clock()) * 1000))::int';

/** What this student is asked for in an open session; null when nobody asks. */
export async function recheckOf(em: Em, sessionId: Id, studentId: Id): Promise<OwnRecheck | null> {
  const row = await firstRow<{ ends_at: string; remaining_ms: number }>(
    em,
    `select k.ends_at, ${REMAINING_MS} as remaining_ms
     from recheck k join recheck_pick p on p.recheck_id = k.id
     join attendance_session s on s.id = k.session_id
     where k.session_id = ?::uuid and p.student_id = ?::uuid and k.status = 'running'
       and p.passed_at is null and app_clock() < k.ends_at
       and s.status in ('scheduled', 'open') and app_clock() < s.closes_at`,
    [sessionId, studentId],
  );
  return row ? { until: toInstant(row.ends_at), remainingMs: row.remaining_ms } : null;
}

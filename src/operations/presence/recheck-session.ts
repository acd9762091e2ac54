/** Re-checks: drawn, shown to the students picked, settled when their time is over (presence.md section 8). */
import { auditEntry, sessionChain, type AuditEntry } from '../../audit/append-log.ts';
import { firstRow, rows, toInstantOrNull, type Em } from '../../db/orm.ts';
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

/** A re-check as staff see it. */
export interface RecheckView {
  readonly status: 'planned' | 'running' | 'settled' | 'cancelled';
  readonly startedAt: Instant | null;
  readonly endsAt: Instant | null;
  readonly picked: number;
  readonly passed: number;
  readonly missed: number;
}

/**
 * Starts the re-check of an open session now, at the word of its staff.
 * @throws AppError `not_found`, `not_staff`, `session_not_open` and its kin, `qr_disabled` where the
 *   class shows no codes, `state_conflict` when it had its re-check or nobody has scanned
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
    const { session } = locked;
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
  const row = await firstRow<{ id: Id }>(
    em,
    `insert into recheck as k (id, session_id, status, started_by_id, percent, due_at, started_at, ends_at)
     values (?::uuid, ?::uuid, 'running', ?::uuid, ?::int, app_clock(), app_clock(),
       app_clock() + make_interval(secs => ${RECHECK_SECONDS}))
     on conflict (session_id) do update set status = 'running', started_by_id = excluded.started_by_id,
       started_at = excluded.started_at, ends_at = excluded.ends_at
     returning k.id`,
    [ids.next(), session.id, actor.userId, percent],
  );
  if (!row) throw new Error('a re-check was not written');
  await rows(
    em,
    `insert into recheck_pick (recheck_id, student_id, was_flagged)
     select ?::uuid, n.student_id, n.student_id = any(?::uuid[]) from unnest(?::uuid[]) as n(student_id)`,
    [row.id, flagged, picked],
  );
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
    const remainsMs = Date.parse(session.closesAt) - nowMs;
    const isOver = session.status !== 'open' || remainsMs < RECHECK_SECONDS * 1_000;
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
 * as weak from then on. It never makes anybody absent by itself.
 * @returns whether this call settled it
 */
async function settleRecheck(operation: Operation, sessionId: Id): Promise<boolean> {
  return operation.em.fork().transactional(async (em) => {
    const session = await lockSessionForUpdate(em, sessionId);
    const row = await firstRow<{ id: Id }>(
      em,
      `update recheck set status = 'settled', settled_at = app_clock()
       where session_id = ?::uuid and status = 'running' and ends_at <= app_clock() returning id`,
      [sessionId],
    );
    if (!row) return false;
    const missed = await rows<{ student_id: Id }>(
      em,
      `update recheck_pick set missed = true where recheck_id = ?::uuid and passed_at is null
       returning student_id`,
      [row.id],
    );
    const isFinal = session.status === 'locked' || session.status === 'cancelled';
    const own = { ...operation, em };
    const effect =
      missed.length === 0 || isFinal
        ? null
        : await settleRoster(em, own, session, await rosterOf(em, session));
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

/** The re-check of a session, or null where it has none. */
export async function readRecheck(em: Em, sessionId: Id): Promise<RecheckView | null> {
  const row = await firstRow<{
    status: RecheckView['status'];
    started_at: string | null;
    ends_at: string | null;
    picked: number;
    passed: number;
    missed: number;
  }>(
    em,
    `select k.status, k.started_at, k.ends_at, count(p.student_id)::int as picked,
       count(p.passed_at)::int as passed, count(*) filter (where p.missed)::int as missed
     from recheck k left join recheck_pick p on p.recheck_id = k.id
     where k.session_id = ?::uuid group by k.id`,
    [sessionId],
  );
  if (!row) return null;
  return {
    status: row.status,
    startedAt: toInstantOrNull(row.started_at),
    endsAt: toInstantOrNull(row.ends_at),
    picked: row.picked,
    passed: row.passed,
    missed: row.missed,
  };
}

/** Until when this student is asked to scan again; null when nobody asks. */
export async function recheckOf(em: Em, sessionId: Id, studentId: Id): Promise<Instant | null> {
  const row = await firstRow<{ ends_at: string }>(
    em,
    `select k.ends_at from recheck k join recheck_pick p on p.recheck_id = k.id
     where k.session_id = ?::uuid and p.student_id = ?::uuid and k.status = 'running'
       and p.passed_at is null and app_clock() < k.ends_at`,
    [sessionId, studentId],
  );
  return toInstantOrNull(row?.ends_at ?? null);
}

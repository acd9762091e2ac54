/** Head counts: heads somebody saw, beside the marks of that moment (presence.md section 8). */
import { auditEntry, sessionChain } from '../../audit/append-log.ts';
import { firstRow, rows, toInstant, type Em } from '../../db/orm.ts';
import { appError } from '../../domain/errors.ts';
import {
  headCountTolerance,
  judgeHeadCount,
  type HeadCountOutcome,
} from '../../domain/presence/head-count.ts';
import type { Id, Instant } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { appendMarks } from '../records/append-marks.ts';
import { isTaken, NO_EFFECT, settleRoster, type TakenEffect } from '../records/become-taken.ts';
import { markingRank, type MarkScope } from '../records/mark-records.ts';
import { rosterOf } from '../records/roster.ts';
import { lockSessionNow, type SessionRow } from '../sessions/session-row.ts';
import { tellOfHeadCount } from './tell-of-presence.ts';

/** Who counted. */
export interface Counter {
  readonly id: Id;
  readonly firstName: string;
  readonly lastName: string;
}

/** A count as it is kept. */
export interface HeadCount {
  readonly id: Id;
  readonly heads: number;
  /** Records present or late at that moment. */
  readonly marked: number;
  readonly tolerance: number;
  readonly outcome: HeadCountOutcome;
  readonly countedBy: Counter;
  readonly countedAt: Instant;
}

/**
 * Keeps a count. It changes no mark by itself, but it proves that attendance was taken: in a closed
 * class that nobody had taken, the absents appear (marks.md section 4).
 * @throws AppError `not_found`, `not_staff`, `state_conflict` unless the class is open or closed
 */
export async function countHeads(
  operation: Operation,
  scope: MarkScope,
  { sessionId, heads }: { sessionId: Id; heads: number },
): Promise<HeadCount> {
  return operation.em.transactional(async (em) => {
    await markingRank(em, scope, sessionId);
    const { session, effectiveStatus: status } = await lockSessionNow(em, sessionId);
    if (status !== 'open' && status !== 'closed') {
      throw appError('state_conflict', 'Heads are counted while a class is open or closed.');
    }
    const before = await lastOutcome(em, sessionId);
    const count = await insertCount(operation, em, sessionId, heads);
    // A second count that says what the last one said is no news.
    if (count.outcome !== before) await tellOfHeadCount(operation, em, sessionId, count);
    const effect = await becomeTakenByCount(operation, em, session);
    await appendMarks(em, operation, session, effect.operations, effect.changes, {
      conflicts: effect.conflicts,
      sessionChanged: true,
      audit: [
        auditEntry(operation.actor, {
          chain: sessionChain(sessionId),
          action: 'session.heads_counted',
          entityType: 'HeadCount',
          entityId: count.id,
          sessionId,
          after: { heads, marked: count.marked, outcome: count.outcome },
        }),
      ],
    });
    return count;
  });
}

async function lastOutcome(em: Em, sessionId: Id): Promise<HeadCountOutcome | undefined> {
  const last = await firstRow<{ outcome: HeadCountOutcome }>(
    em,
    `select outcome from head_count where session_id = ?::uuid
     order by created_at desc, id desc limit 1`,
    [sessionId],
  );
  return last?.outcome;
}

async function insertCount(
  { ids, actor }: Operation,
  em: Em,
  sessionId: Id,
  heads: number,
): Promise<HeadCount> {
  const [found] = await rows<{ marked: number }>(
    em,
    `select count(*)::int as marked from attendance_record
     where session_id = ?::uuid and mark in ('present', 'late')`,
    [sessionId],
  );
  const marked = found?.marked ?? 0;
  const tolerance = headCountTolerance(marked);
  const outcome = judgeHeadCount(marked, heads);
  const id = ids.next();
  const kept = await firstRow<CountRow>(
    em,
    `with h as (
       insert into head_count (id, session_id, heads, marked, tolerance, outcome, counted_by_id)
       values (?::uuid, ?::uuid, ?::int, ?::int, ?::int, ?, ?::uuid) returning *)
     ${SELECT_COUNTS} from h join app_user u on u.id = h.counted_by_id`,
    [id, sessionId, heads, marked, tolerance, outcome, actor.userId],
  );
  if (!kept) throw new Error('a head count was not kept');
  return toCount(kept);
}

async function becomeTakenByCount(
  operation: Operation,
  em: Em,
  session: SessionRow,
): Promise<TakenEffect> {
  if (session.status !== 'closed' || session.taken) return NO_EFFECT;
  const roster = await rosterOf(em, session);
  if (!(await isTaken(em, session, roster))) return NO_EFFECT;
  await rows(
    em,
    'update attendance_session set taken = true, updated_at = app_clock() where id = ?::uuid',
    [session.id],
  );
  return settleRoster(em, operation, { ...session, taken: true }, roster);
}

/** The counts of a session, the latest first. */
export async function listHeadCounts(em: Em, sessionId: Id): Promise<HeadCount[]> {
  const found = await rows<CountRow>(
    em,
    `${SELECT_COUNTS} from head_count h join app_user u on u.id = h.counted_by_id
     where h.session_id = ?::uuid order by h.created_at desc, h.id desc limit 50`,
    [sessionId],
  );
  return found.map(toCount);
}

interface CountRow {
  id: Id;
  heads: number;
  marked: number;
  tolerance: number;
  outcome: HeadCountOutcome;
  counted_by_id: Id;
  first_name: string;
  last_name: string;
  created_at: string;
}

const SELECT_COUNTS = `select h.id, h.heads, h.marked, h.tolerance, h.outcome, h.counted_by_id,
  u.first_name, u.last_name, h.created_at`;

function toCount(row: CountRow): HeadCount {
  return {
    id: row.id,
    heads: row.heads,
    marked: row.marked,
    tolerance: row.tolerance,
    outcome: row.outcome,
    countedBy: { id: row.counted_by_id, firstName: row.first_name, lastName: row.last_name },
    countedAt: toInstant(row.created_at),
  };
}

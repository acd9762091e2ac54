/** Gives a session made or moved later the excuses of leaves approved before (marks.md section 10). */
import type { Em } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { applyOperations } from '../records/apply-operations.ts';
import { leaveDraft, leavesOfSession } from './leave-operations.ts';

/** Applies every approved leave that covers the session, inside the caller's transaction. */
export async function applyLeavesToSession(
  operation: Operation,
  em: Em,
  sessionId: Id,
): Promise<void> {
  const covered = await leavesOfSession(em, sessionId);
  if (covered.length === 0) return;
  await applyOperations(operation, em, sessionId, covered.map(leaveDraft));
}

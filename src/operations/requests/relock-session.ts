/** Locks a register again when its unlock has run out (temporal.md section 6). */
import { firstRow, toInstant, type Em } from '../../db/orm.ts';
import { appError } from '../../domain/errors.ts';
import type { UnlockedRegister } from '../../domain/requests/case.ts';
import type { Id } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { applyTransition } from '../sessions/apply-transition.ts';
import { lockSessionForUpdate, readClock } from '../sessions/session-row.ts';

/**
 * How the register of an approved unlock stands.
 * @throws AppError `not_found`
 */
export async function loadUnlockedRegister(em: Em, unlockId: Id): Promise<UnlockedRegister> {
  const row = await firstRow<{
    session_id: Id;
    unlocked_until: string | null;
    relocked_at: string | null;
  }>(em, 'select session_id, unlocked_until, relocked_at from unlock_request where id = ?::uuid', [
    unlockId,
  ]);
  if (!row) throw appError('not_found', 'There is no such request.');
  if (row.unlocked_until === null) throw appError('state_conflict', 'Nobody approved this unlock.');
  return {
    sessionId: row.session_id,
    lockDueAt: toInstant(row.unlocked_until),
    isLocked: row.relocked_at !== null,
  };
}

/**
 * Locks the session of an unlock by the same edge as any lock, once its time has come. A register
 * that was locked by hand before, or is not due yet, is left as it is.
 * @throws AppError `not_found`, `state_conflict` for an unlock nobody approved
 */
export async function relockSession(operation: Operation, unlockId: Id): Promise<UnlockedRegister> {
  return operation.em.transactional(async (em) => {
    const { sessionId } = await loadUnlockedRegister(em, unlockId);
    const session = await lockSessionForUpdate(em, sessionId);
    // Read again under the lock of the session: a lock by hand may have come first.
    const register = await loadUnlockedRegister(em, unlockId);
    const isDue = Date.parse(register.lockDueAt) <= (await readClock(em));
    if (register.isLocked || !isDue) return register;
    const { refused } = await applyTransition(
      { ...operation, em },
      {
        sessionId,
        epoch: session.epoch,
        command: {
          id: `unlock/${unlockId}:lock`,
          edge: 'lock',
          by: 'timer',
          actorId: null,
          channel: 'workflow',
        },
      },
    );
    if (refused) throw new Error(`an unlocked session cannot be locked: ${refused.code}`);
    return loadUnlockedRegister(em, unlockId);
  });
}

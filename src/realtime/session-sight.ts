/** What a person may watch of a session, and the rooms that follow from it. */
import { POLICIES } from '../auth/policies.ts';
import type { Principal } from '../auth/principal.ts';
import { holds, recordScope, sessionScope } from '../auth/scope.ts';
import { findLiveSight, type LiveSight } from '../db/queries/live-sessions.ts';
import type { Em } from '../db/orm.ts';
import { appError } from '../domain/errors.ts';
import type { Id } from '../domain/types.ts';

/** Room of those who see the whole roll of a session. */
export const wholeRoom = (sessionId: Id): string => `whole:${sessionId}`;
/** Room of those who see a part of it. */
export const partRoom = (sessionId: Id): string => `part:${sessionId}`;
/** Room of those of the latter who see this student's row. */
export const rowRoom = (sessionId: Id, studentId: Id): string => `row:${sessionId}:${studentId}`;

/** The rooms of a sight. */
export function roomsOf(sessionId: Id, { all, students }: LiveSight): string[] {
  if (all) return [wholeRoom(sessionId)];
  return [partRoom(sessionId), ...students.map((student) => rowRoom(sessionId, student))];
}

/** Scopes that show single students: own rows, self-marking, mentees. */
const PART_SCOPES: readonly string[] = ['O', 'S', 'M'];
const PERMISSION = 'view_attendance';

/**
 * What a person sees of a session now, by the policies of `GET sessions/{id}/roster/`.
 * @throws AppError `forbidden`, `not_found` when the session is outside the person's scope
 */
export async function sightOf(em: Em, principal: Principal, sessionId: Id): Promise<LiveSight> {
  if (!holds(principal, PERMISSION)) {
    throw appError('forbidden', 'Your roles do not include the attendance of classes.');
  }
  const overseer = {
    ...principal,
    roles: principal.roles.filter(
      ({ role }) => !PART_SCOPES.includes(POLICIES[PERMISSION][role] ?? 'O'),
    ),
  };
  const sight = await findLiveSight(
    em,
    {
      view: sessionScope(principal, PERMISSION, 's'),
      whole: sessionScope(overseer, PERMISSION, 's'),
      row: recordScope(principal, PERMISSION, 's', 'st'),
    },
    sessionId,
  );
  if (sight) return sight;
  throw appError('not_found', 'There is no such session, or it is not one of yours.');
}

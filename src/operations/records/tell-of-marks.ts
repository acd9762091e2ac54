/** Who is told of a mark: students whose evidence was overruled, people who disagree (rule R6). */
import { rows, type Em } from '../../db/orm.ts';
import { isHumanRank, RANK } from '../../domain/attendance/ranks.ts';
import type { Notice } from '../../domain/notices.ts';
import type { Id } from '../../domain/types.ts';
import { notify } from '../notifications/notify.ts';
import type { Operation } from '../ports.ts';
import type { SessionRow } from '../sessions/session-row.ts';
import type { BatchOutcome } from './mark-batch.ts';
import type { StoredConflict } from './lock-records.ts';
import type { RecordChange } from './settle-records.ts';

/**
 * Writes the notices of a batch in its transaction: to a student whose machine evidence of presence
 * a person overruled, to both authors of words that disagree, and to student and teachers where
 * somebody above them overrode the class.
 */
export async function tellOfMarks(
  operation: Operation,
  em: Em,
  session: SessionRow,
  outcome: BatchOutcome,
): Promise<void> {
  const overruled = outcome.conflicts
    .map(({ after }) => after)
    .filter((conflict) => conflict.kind === 'human_vs_machine' && conflict.state !== 'void');
  const disagreements = outcome.conflicts
    .filter(({ before, after }) => before !== 'open' && after.state === 'open')
    .map(({ after }) => after)
    .filter((conflict) => conflict.kind === 'human_vs_human');
  const overrides = outcome.changes.filter(({ after }) => after.rank === RANK.override);
  if (overruled.length + disagreements.length + overrides.length === 0) return;
  const people = await readPeople(em, session, outcome, disagreements);
  await notify(em, operation.ids, [
    ...overruled.flatMap((conflict) => overruledNotice(session, conflict, outcome, people)),
    ...disagreements.flatMap((conflict) => disagreementNotices(session, conflict, people)),
    ...overrides.flatMap((change) => overrideNotices(operation, session, change, people)),
  ]);
}

interface People {
  readonly userOfStudent: ReadonlyMap<Id, Id>;
  readonly authorOfOp: ReadonlyMap<Id, Id>;
  readonly teachers: readonly Id[];
}

async function readPeople(
  em: Em,
  session: SessionRow,
  outcome: BatchOutcome,
  disagreements: readonly StoredConflict[],
): Promise<People> {
  const students = [
    ...outcome.changes.map((change) => change.studentId),
    ...outcome.conflicts.flatMap(({ after }) => after.studentId ?? []),
  ];
  const found = await rows<{ kind: string; id: Id; user_id: Id }>(
    em,
    `select 'student' as kind, id, user_id from student where id = any(?::uuid[])
     union all
     select 'author', op_id, actor_id from attendance_operation
       where op_id = any(?::uuid[]) and actor_id is not null and rank >= ${RANK.faculty}
     union all
     select distinct 'teacher', f.id, f.user_id from teaching_assignment ta
       join faculty f on f.id = ta.faculty_id
       where (ta.session_id = ?::uuid or ta.course_section_id in (
           select x.course_section_id from session_section x where x.session_id = ?::uuid))
         and ta.valid_from <= ?::date and (ta.valid_to is null or ta.valid_to > ?::date)`,
    [
      [...new Set(students)],
      disagreements.flatMap((conflict) => conflict.opIds),
      session.id,
      session.id,
      session.scheduledDate,
      session.scheduledDate,
    ],
  );
  const mapOf = (kind: string) =>
    new Map(found.filter((row) => row.kind === kind).map((row) => [row.id, row.user_id]));
  return {
    userOfStudent: mapOf('student'),
    authorOfOp: mapOf('author'),
    teachers: [...mapOf('teacher').values()],
  };
}

function overruledNotice(
  session: SessionRow,
  conflict: StoredConflict,
  outcome: BatchOutcome,
  people: People,
): Notice[] {
  const change = outcome.changes.find(({ studentId }) => studentId === conflict.studentId);
  const userId = people.userOfStudent.get(conflict.studentId ?? '');
  const { mark, rank, winnerOpId } = change?.after ?? { mark: null, rank: null, winnerOpId: null };
  if (!userId || mark !== 'absent' || rank === null || !isHumanRank(rank)) return [];
  return [
    {
      userId,
      kind: 'mark_overruled',
      dedupeKey: `mark_overruled:${winnerOpId}`,
      payload: { session: session.id, mark },
      mail: true,
    },
  ];
}

function disagreementNotices(
  session: SessionRow,
  conflict: StoredConflict,
  people: People,
): Notice[] {
  const { studentId } = conflict;
  if (studentId === null) return [];
  const authors = new Set(conflict.opIds.flatMap((opId) => people.authorOfOp.get(opId) ?? []));
  return [...authors].map((userId) => ({
    userId,
    kind: 'marks_disagree',
    dedupeKey: `marks_disagree:${conflict.id}:${conflict.opIds.join(',')}`,
    payload: { session: session.id, conflict: conflict.id, student: studentId },
    mail: false,
  }));
}

/** Rule O6: an override is never silent. */
function overrideNotices(
  { actor }: Operation,
  session: SessionRow,
  { studentId, after }: RecordChange,
  people: People,
): Notice[] {
  const { mark, winnerOpId } = after;
  if (mark === null) return [];
  const student = people.userOfStudent.get(studentId);
  const told = new Set([...(student ? [student] : []), ...people.teachers]);
  if (actor.userId) told.delete(actor.userId);
  return [...told].map((userId) => ({
    userId,
    kind: 'record_overridden',
    dedupeKey: `record_overridden:${winnerOpId}`,
    payload: { session: session.id, mark, student: studentId },
    mail: userId === student,
  }));
}

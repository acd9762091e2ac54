/**
 * Enrols students in sections and ends their enrolments. Classes already held are resolved again for
 * the roster they then had; final ones are left alone (marks.md section 8).
 */
import { appendLog, auditEntry, personChain } from '../../audit/append-log.ts';
import { firstRow, rows, violatedConstraint, type Em } from '../../db/orm.ts';
import type { Condition } from '../../db/queries/sessions.ts';
import { appError } from '../../domain/errors.ts';
import type { Id, LocalDate } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { appendMarks } from '../records/append-marks.ts';
import { isTaken, NO_EFFECT, settleRoster, type TakenEffect } from '../records/become-taken.ts';
import { rosterOf } from '../records/roster.ts';
import { applyLeavesToSession } from '../requests/apply-leaves-to-session.ts';
import { lockSessionForUpdate, type SessionRow } from '../sessions/session-row.ts';

/** A student joining a section on a day, or leaving it on one; half-open dates. */
export interface NewEnrolment {
  readonly studentId: Id;
  readonly courseSectionId: Id;
  readonly validFrom: LocalDate;
  readonly validTo: LocalDate | null;
}

/** What a change did to classes of the past. */
export interface EnrolmentEffect {
  readonly id: Id;
  readonly sessionsResolved: number;
  /** Classes in the dates that were final already; their registers keep what they say. */
  readonly sessionsLocked: number;
}

/**
 * Enrols a student.
 * @param reach  over student `st`: whom the asker may enrol
 * @throws AppError `not_found`, `validation_failed`, `enrolment_overlaps`
 */
export async function enrolStudent(
  operation: Operation,
  reach: Condition,
  input: NewEnrolment,
): Promise<EnrolmentEffect> {
  return operation.em.transactional(async (em) => {
    await requireStudent(em, reach, input.studentId);
    await requireSection(em, input.courseSectionId);
    const id = operation.ids.next();
    await insert(em, id, input);
    await log(operation, em, 'enrolment.added', id, input);
    const span = { from: input.validFrom, to: input.validTo };
    return { id, ...(await resolveAgain({ ...operation, em }, em, input, span)) };
  });
}

/**
 * Ends an enrolment: `validTo` is the first day without it.
 * @param reach  over student `st`: whose enrolments the asker may end
 * @throws AppError `not_found`, `validation_failed`
 */
export async function endEnrolment(
  operation: Operation,
  reach: Condition,
  id: Id,
  validTo: LocalDate,
): Promise<EnrolmentEffect> {
  return operation.em.transactional(async (em) => {
    const found = await lockEnrolment(em, reach, id);
    if (validTo < found.validFrom) {
      throw fieldError(
        'valid_to',
        `The enrolment began on ${found.validFrom}; end it then or later.`,
      );
    }
    if (found.validTo !== null && validTo > found.validTo) {
      throw fieldError('valid_to', `It ends on ${found.validTo} already; enrol the student anew.`);
    }
    await rows(em, 'update enrolment set valid_to = ?::date where id = ?::uuid', [validTo, id]);
    await log(operation, em, 'enrolment.ended', id, { ...found, validTo });
    const span = { from: validTo, to: found.validTo };
    return { id, ...(await resolveAgain({ ...operation, em }, em, found, span)) };
  });
}

async function requireStudent(em: Em, reach: Condition, id: Id): Promise<void> {
  const row = await firstRow(
    em,
    `select st.id from student st where st.id = ?::uuid and (${reach.sql})`,
    [id, ...reach.parameters],
  );
  if (!row) throw fieldError('student', 'There is no such student, or not in your reach.');
}

async function requireSection(em: Em, id: Id): Promise<void> {
  const row = await firstRow(em, 'select id from course_section where id = ?::uuid', [id]);
  if (!row) throw fieldError('course_section', 'There is no such course section.');
}

async function insert(em: Em, id: Id, input: NewEnrolment): Promise<void> {
  if (input.validTo !== null && input.validTo <= input.validFrom) {
    throw fieldError('valid_to', 'The end must come after the first day.');
  }
  try {
    await rows(
      em,
      `insert into enrolment (id, student_id, course_section_id, valid_from, valid_to)
       values (?::uuid, ?::uuid, ?::uuid, ?::date, ?::date)`,
      [id, input.studentId, input.courseSectionId, input.validFrom, input.validTo],
    );
  } catch (error) {
    if (violatedConstraint(error) !== 'enrolment_no_overlap') throw error;
    const detail = 'The student is enrolled in this section on some of these days already.';
    throw appError('enrolment_overlaps', detail, { cause: error });
  }
}

async function lockEnrolment(em: Em, reach: Condition, id: Id): Promise<NewEnrolment> {
  const row = await firstRow<{
    student_id: Id;
    course_section_id: Id;
    valid_from: LocalDate;
    valid_to: LocalDate | null;
  }>(
    em,
    `select e.student_id, e.course_section_id, e.valid_from, e.valid_to from enrolment e
     join student st on st.id = e.student_id
     where e.id = ?::uuid and e.status = 'enrolled' and (${reach.sql}) for update of e`,
    [id, ...reach.parameters],
  );
  if (!row) throw appError('not_found', 'There is no such enrolment.');
  return {
    studentId: row.student_id,
    courseSectionId: row.course_section_id,
    validFrom: row.valid_from,
    validTo: row.valid_to,
  };
}

/** The person's chain locks before the chains of sessions, as their names order. */
async function log(
  operation: Operation,
  em: Em,
  action: string,
  id: Id,
  { studentId, courseSectionId, validFrom, validTo }: NewEnrolment,
): Promise<void> {
  await appendLog(em, operation.ids, {
    audit: [
      auditEntry(operation.actor, {
        chain: personChain(studentId),
        action,
        entityType: 'Enrolment',
        entityId: id,
        studentId,
        after: { course_section: courseSectionId, valid_from: validFrom, valid_to: validTo },
      }),
    ],
  });
}

/** Days on which the roster changed; half-open, `to` null without end. */
interface Span {
  readonly from: LocalDate;
  readonly to: LocalDate | null;
}

async function resolveAgain(
  operation: Operation,
  em: Em,
  { studentId, courseSectionId }: NewEnrolment,
  { from, to }: Span,
): Promise<Omit<EnrolmentEffect, 'id'>> {
  const found = await rows<{ id: Id; status: string }>(
    em,
    `select s.id, s.status from attendance_session s
     join session_section x on x.session_id = s.id and x.course_section_id = ?::uuid
     where s.status <> 'cancelled' and s.scheduled_date >= ?::date
       and (?::date is null or s.scheduled_date < ?::date) order by s.id`,
    [courseSectionId, from, to, to],
  );
  let sessionsResolved = 0;
  for (const { id } of found.filter(({ status }) => status !== 'locked')) {
    const session = await lockSessionForUpdate(em, id);
    if (session.status === 'locked') continue;
    await applyLeavesToSession(operation, em, id);
    await settleAgain(operation, em, session, studentId);
    sessionsResolved += 1;
  }
  return { sessionsResolved, sessionsLocked: found.length - sessionsResolved };
}

/** A class that is over gives newcomers their absence, or stops being taken by too few. */
async function settleAgain(
  operation: Operation,
  em: Em,
  session: SessionRow,
  studentId: Id,
): Promise<void> {
  const settle = session.status === 'closed' ? settleClosed : settleReturned;
  const effect = await settle(operation, em, session, studentId);
  await appendMarks(em, operation, session, effect.operations, effect.changes, {
    conflicts: effect.conflicts,
    audit: [],
    sessionChanged: true,
  });
}

/**
 * Who comes back to a class that was reopened meanwhile still has the automatic absence of its first
 * close, and who leaves takes the contradictions along. Classes to come need no records yet.
 */
async function settleReturned(
  operation: Operation,
  em: Em,
  session: SessionRow,
  studentId: Id,
): Promise<TakenEffect> {
  const record = await firstRow(
    em,
    `select id from attendance_record
     where session_id = ?::uuid and student_id = ?::uuid and winner_op_id is not null`,
    [session.id, studentId],
  );
  if (!record) return NO_EFFECT;
  return settleRoster(em, operation, session, await rosterOf(em, session));
}

async function settleClosed(
  operation: Operation,
  em: Em,
  session: SessionRow,
): Promise<TakenEffect> {
  const roster = await rosterOf(em, session);
  const taken = await isTaken(em, session, roster);
  if (taken !== session.taken) {
    await rows(
      em,
      'update attendance_session set taken = ?::boolean, updated_at = app_clock() where id = ?::uuid',
      [taken, session.id],
    );
  }
  return settleRoster(em, operation, { ...session, taken }, roster);
}

function fieldError(path: string, detail: string) {
  return appError('validation_failed', detail, {
    errors: [{ path, code: 'not_acceptable', detail }],
  });
}

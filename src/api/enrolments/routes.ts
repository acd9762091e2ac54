/** Routes of enrolments: list, enrol, end. */
import type { z } from 'zod';
import type { Principal } from '../../auth/principal.ts';
import { studentScope } from '../../auth/scope.ts';
import type { Em } from '../../db/orm.ts';
import { listEnrolments, type EnrolmentRow } from '../../db/queries/enrolments.ts';
import {
  endEnrolment,
  enrolStudent,
  type EnrolmentEffect,
} from '../../operations/people/change-enrolment.ts';
import { idParams } from '../fields.ts';
import { listBody, listOf } from '../paging.ts';
import { authorize, route, type Route } from '../route.ts';
import { changedReply, endBody, enrolBody, enrolmentReply, enrolmentsQuery } from './schema.ts';

const BASE = '/api/v1/enrolments';
const TAG = 'Enrolments';

/** The enrolment routes. */
export function enrolmentRoutes(): Route[] {
  return [list, enrol, end];
}

const list = route({
  method: 'get',
  path: BASE,
  summary: 'List enrolments, by student or course section',
  tag: TAG,
  access: authorize('manage_people'),
  query: enrolmentsQuery,
  replies: { 200: listOf(enrolmentReply) },
  errors: [],
  handler: async ({ query, principal, operation, request }) => {
    const found = await listEnrolments(
      operation.em,
      studentScope(principal, 'manage_people', 'st'),
      { student: query.student, courseSection: query.course_section },
      { page: query.page, pageSize: query.page_size },
    );
    const results = found.results.map(presentEnrolment);
    return { status: 200, body: listBody(request.originalUrl, query, { ...found, results }) };
  },
});

const enrol = route({
  method: 'post',
  path: BASE,
  summary: 'Enrol a student in a course section; classes already held are resolved again',
  tag: TAG,
  access: authorize('manage_people'),
  body: enrolBody,
  replies: { 201: changedReply },
  errors: ['enrolment_overlaps'],
  handler: async ({ body, principal, operation }) => {
    const effect = await enrolStudent(operation, studentScope(principal, 'manage_people', 'st'), {
      studentId: body.student,
      courseSectionId: body.course_section,
      validFrom: body.valid_from,
      validTo: body.valid_to ?? null,
    });
    return { status: 201, body: await presentChange(operation.em, principal, effect) };
  },
});

const end = route({
  method: 'post',
  path: `${BASE}/:id/end`,
  summary: 'End an enrolment on a day; classes already held are resolved again',
  tag: TAG,
  access: authorize('manage_people'),
  params: idParams,
  body: endBody,
  replies: { 200: changedReply },
  errors: ['not_found'],
  handler: async ({ params, body, principal, operation }) => {
    const reach = studentScope(principal, 'manage_people', 'st');
    const effect = await endEnrolment(operation, reach, params.id, body.valid_to);
    return { status: 200, body: await presentChange(operation.em, principal, effect) };
  },
});

async function presentChange(
  em: Em,
  principal: Principal,
  { id, sessionsResolved, sessionsLocked }: EnrolmentEffect,
): Promise<z.input<typeof changedReply>> {
  const scope = studentScope(principal, 'manage_people', 'st');
  const found = await listEnrolments(em, scope, { id }, { page: 1, pageSize: 1 });
  const [row] = found.results;
  if (!row) throw new Error('an enrolment vanished');
  return {
    enrolment: presentEnrolment(row),
    sessions_resolved: sessionsResolved,
    sessions_locked: sessionsLocked,
  };
}

function presentEnrolment(row: EnrolmentRow): z.input<typeof enrolmentReply> {
  return {
    id: row.id,
    student: {
      id: row.studentId,
      roll_number: row.rollNumber,
      first_name: row.firstName,
      last_name: row.lastName,
    },
    course_section: {
      id: row.courseSectionId,
      course_code: row.courseCode,
      section_name: row.sectionName,
    },
    valid_from: row.validFrom,
    valid_to: row.validTo,
  };
}

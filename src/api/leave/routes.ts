/** Routes of leave: the kinds there are, apply, list, detail, decide and withdraw. */
import type { z } from 'zod';
import {
  findLeave,
  listLeaves,
  listLeaveTypes,
  type LeaveListRow,
} from '../../db/queries/requests.ts';
import { fileLeave, type NewLeave } from '../../operations/requests/file-leave.ts';
import { caseRoutes, fileCase, type CaseNoun, type CaseRouteDeps } from '../cases/routes.ts';
import { listBody, listOf } from '../paging.ts';
import { authorize, route, selfAccess, type Route } from '../route.ts';
import { presentLeave } from './presenter.ts';
import { leaveBody, leaveReply, leaveTypeReply, leaveTypesQuery } from './schema.ts';

const TAG = 'Leave';

const LEAVE: CaseNoun<LeaveListRow> = {
  kind: 'leave',
  base: '/api/v1/attendance/leave-applications',
  tag: TAG,
  name: 'leave application',
  decides: 'approve_leave',
  list: listLeaves,
  find: findLeave,
  reply: leaveReply,
  present: presentLeave,
};

/** The leave routes. */
export function leaveRoutes(deps: CaseRouteDeps): Route[] {
  return [types, create(deps), ...caseRoutes(LEAVE, deps)];
}

const types = route({
  method: 'get',
  path: '/api/v1/attendance/leave-types',
  summary: 'List the kinds of leave that can be applied for',
  tag: TAG,
  access: selfAccess,
  query: leaveTypesQuery,
  replies: { 200: listOf(leaveTypeReply) },
  errors: [],
  handler: async ({ query, operation, request }) => {
    const page = { page: query.page, pageSize: query.page_size };
    const found = await listLeaveTypes(operation.em, page);
    return { status: 200, body: listBody(request.originalUrl, query, found) };
  },
});

function create(deps: CaseRouteDeps): Route {
  return route({
    method: 'post',
    path: LEAVE.base,
    summary: 'Apply for leave and start its workflow',
    tag: TAG,
    access: authorize('file_requests'),
    body: leaveBody,
    replies: { 201: leaveReply },
    errors: [
      'student_not_accepted',
      'window_inverted',
      'leave_overlaps',
      'idempotency_key_reused',
      'in_progress',
    ],
    handler: (input) => {
      const { principal, operation, body } = input;
      return fileCase(LEAVE, deps, input, (em) =>
        fileLeave(operation, em, principal.studentId, newLeave(body)),
      );
    },
  });
}

function newLeave(body: z.output<typeof leaveBody>): NewLeave {
  return {
    leaveTypeId: body.leave_type,
    reason: body.reason,
    period:
      'starts_at' in body
        ? { startsAt: body.starts_at, endsAt: body.ends_at }
        : { startDate: body.start_date, endDate: body.end_date },
  };
}

/** Routes of the academic structure: sections, rooms, timetable, holidays, generation of sessions. */
import { sectionScope } from '../../auth/scope.ts';
import { listHolidays, listRooms, listSections, listSlots } from '../../db/queries/academics.ts';
import { generateSessions } from '../../operations/timetable/generate-sessions.ts';
import { listBody, listOf } from '../paging.ts';
import { authorize, route, selfAccess, type Route } from '../route.ts';
import { presentGeneration, presentSection } from './presenter.ts';
import {
  generateBody,
  generateReply,
  holidayReply,
  holidaysQuery,
  listQuery,
  roomReply,
  sectionReply,
  slotReply,
  slotsQuery,
} from './schema.ts';

const BASE = '/api/v1/academics';
const TAG = 'Academics';

/** The academic routes. */
export function academicsRoutes(): Route[] {
  return [sections, rooms, slots, holidays, generate];
}

const pageOf = (query: { page: number; page_size: number }) => ({
  page: query.page,
  pageSize: query.page_size,
});

const sections = route({
  method: 'get',
  path: `${BASE}/sections`,
  summary: 'List the sections you teach, attend or oversee',
  tag: TAG,
  access: authorize('view_attendance'),
  query: listQuery,
  replies: { 200: listOf(sectionReply) },
  errors: [],
  handler: async ({ query, principal, operation, request }) => {
    const scope = sectionScope(principal, 'view_attendance', 'cs');
    const { count, results } = await listSections(operation.em, scope, pageOf(query));
    return {
      status: 200,
      body: listBody(request.originalUrl, query, { count, results: results.map(presentSection) }),
    };
  },
});

const rooms = route({
  method: 'get',
  path: `${BASE}/rooms`,
  summary: 'List the rooms of the campus',
  tag: TAG,
  access: selfAccess,
  query: listQuery,
  replies: { 200: listOf(roomReply) },
  errors: [],
  handler: async ({ query, operation, request }) => ({
    status: 200,
    body: listBody(request.originalUrl, query, await listRooms(operation.em, pageOf(query))),
  }),
});

const slots = route({
  method: 'get',
  path: `${BASE}/timetable/slots`,
  summary: 'List the weekly timetable of the sections you teach, attend or oversee',
  tag: TAG,
  access: authorize('view_attendance'),
  query: slotsQuery,
  replies: { 200: listOf(slotReply) },
  errors: [],
  handler: async ({ query, principal, operation, request }) => {
    const scope = sectionScope(principal, 'view_attendance', 'cs');
    const found = await listSlots(operation.em, scope, query.course_section, pageOf(query));
    return { status: 200, body: listBody(request.originalUrl, query, found) };
  },
});

const holidays = route({
  method: 'get',
  path: `${BASE}/holidays`,
  summary: 'List the holidays',
  tag: TAG,
  access: selfAccess,
  query: holidaysQuery,
  replies: { 200: listOf(holidayReply) },
  errors: [],
  handler: async ({ query, operation, request }) => {
    const range = { from: query.date_from, to: query.date_to };
    const found = await listHolidays(operation.em, range, pageOf(query));
    return { status: 200, body: listBody(request.originalUrl, query, found) };
  },
});

const generate = route({
  method: 'post',
  path: `${BASE}/timetable/generate-sessions`,
  summary: 'Generate sessions from the timetable, or list what a run would do',
  tag: TAG,
  access: authorize('manage_timetable'),
  body: generateBody,
  replies: { 200: generateReply },
  errors: [],
  handler: async ({ body, principal, operation }) => {
    const scope = sectionScope(principal, 'manage_timetable', 'cs');
    const generation = await generateSessions(operation, scope, {
      dateFrom: body.date_from,
      dateTo: body.date_to,
      courseSectionId: body.course_section,
      dryRun: body.dry_run,
    });
    return { status: 200, body: presentGeneration(generation, body.dry_run) };
  },
});

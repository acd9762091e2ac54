/** Routes of what a signed-in person was told: list, and mark as read. */
import {
  countUnread,
  listNotifications,
  nameSessions,
  nameStudents,
  sessionsIn,
  studentsIn,
} from '../../db/queries/notifications.ts';
import {
  readAllNotifications,
  readNotification,
} from '../../operations/notifications/read-notifications.ts';
import { idParams, noBody } from '../fields.ts';
import { listBody } from '../paging.ts';
import { route, selfAccess, type Route } from '../route.ts';
import { presentNotification } from './presenter.ts';
import { notificationsQuery, notificationsReply, readReply } from './schema.ts';

const BASE = '/api/v1/me/notifications';
const TAG = 'Notifications';

/** The notification routes. */
export function notificationRoutes(): Route[] {
  return [list, read, readAll];
}

const list = route({
  method: 'get',
  path: BASE,
  summary: 'List what you were told, newest first',
  tag: TAG,
  access: selfAccess,
  query: notificationsQuery,
  replies: { 200: notificationsReply },
  errors: [],
  handler: async ({ query, principal, operation, request }) => {
    const { em } = operation;
    const found = await listNotifications(em, principal.userId, {
      unread: query.unread,
      page: query.page,
      pageSize: query.page_size,
    });
    const idsOf = (pick: typeof sessionsIn) =>
      found.results.flatMap(({ payload }) => pick(payload));
    const names = {
      sessions: await nameSessions(em, idsOf(sessionsIn)),
      students: await nameStudents(em, idsOf(studentsIn)),
    };
    const results = found.results.map((row) => presentNotification(row, names));
    const page = listBody(request.originalUrl, query, { count: found.count, results });
    return { status: 200, body: { ...page, unread: found.unread } };
  },
});

const read = route({
  method: 'post',
  path: `${BASE}/:id/read`,
  summary: 'Mark a notification as read',
  tag: TAG,
  access: selfAccess,
  params: idParams,
  body: noBody,
  replies: { 200: readReply },
  errors: ['not_found'],
  handler: async ({ params, principal, operation }) => {
    await readNotification(operation.em, principal.userId, params.id);
    return { status: 200, body: { unread: await countUnread(operation.em, principal.userId) } };
  },
});

const readAll = route({
  method: 'post',
  path: `${BASE}/read-all`,
  summary: 'Mark all your notifications as read',
  tag: TAG,
  access: selfAccess,
  body: noBody,
  replies: { 200: readReply },
  errors: [],
  handler: async ({ principal, operation }) => {
    await readAllNotifications(operation.em, principal.userId);
    return { status: 200, body: { unread: 0 } };
  },
});

/** What people are told, in the product and by mail. */
import { defineEntity, p } from '@mikro-orm/core';
import { created, instant } from './base.ts';
import { AppUser } from './people.ts';

const NotificationSchema = defineEntity({
  name: 'Notification',
  uniques: [{ name: 'notification_dedupe_unique', properties: ['user', 'dedupeKey'] }],
  indexes: [{ properties: ['user', 'createdAt'] }],
  properties: {
    ...created,
    user: () => p.manyToOne(AppUser).ref(),
    kind: p.text(),
    dedupeKey: p.text(),
    payload: p.json<Record<string, unknown>>(),
    readAt: instant().nullable(),
    mailStatus: p.text().$type<'none' | 'due' | 'sent' | 'failed'>().default('none'),
    mailAttempts: p.integer().default(0),
    mailDueAt: instant().nullable(),
    mailedAt: instant().nullable(),
  },
});
/**
 * One message to one person; `dedupeKey` makes the second attempt to tell the same thing a no-op.
 * `payload` holds ids, codes, counts and instants, never personal text.
 */
export class Notification extends NotificationSchema.class {}
NotificationSchema.setClass(Notification);

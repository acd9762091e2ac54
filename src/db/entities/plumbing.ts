/** Settings, the outbox, idempotency keys and the live event log. */
import { defineEntity, p } from '@mikro-orm/core';
import type { SettingScope } from '../../domain/types.ts';
import { edited, instant } from './base.ts';
import { AttendanceSession } from './sessions.ts';

const SettingSchema = defineEntity({
  name: 'Setting',
  uniques: [{ name: 'setting_name_scope_unique', properties: ['name', 'scopeKind', 'scopeId'] }],
  properties: {
    ...edited,
    name: p.text(),
    scopeKind: p.text().$type<SettingScope>(),
    scopeId: p.text().default(''),
    value: p.json<unknown>(),
  },
});
/** A setting that differs from its default; names and defaults are in domain/settings.ts. */
export class Setting extends SettingSchema.class {}
SettingSchema.setClass(Setting);

const OutboxSchema = defineEntity({
  name: 'Outbox',
  properties: {
    id: p.uuid().primary(),
    createdAt: instant().defaultRaw('app_clock()'),
    kind: p.text(),
    payload: p.json<Record<string, unknown>>(),
    attempts: p.integer().default(0),
    nextAttemptAt: instant().defaultRaw('app_clock()'),
    doneAt: instant().nullable(),
    lastError: p.text().nullable(),
  },
});
/** A call to Temporal that a committed row promises; the relay makes it at least once. */
export class Outbox extends OutboxSchema.class {}
OutboxSchema.setClass(Outbox);

const IdempotencyKeySchema = defineEntity({
  name: 'IdempotencyKey',
  properties: {
    scope: p.text().primary(),
    key: p.text().primary(),
    bodyHash: p.text(),
    response: p.json<Record<string, unknown>>().nullable(),
    createdAt: instant().defaultRaw('app_clock()').index(),
  },
});
/** The stored answer of a request or activity, written in the transaction of its effect. */
export class IdempotencyKey extends IdempotencyKeySchema.class {}
IdempotencyKeySchema.setClass(IdempotencyKey);

const LiveEventSchema = defineEntity({
  name: 'LiveEvent',
  properties: {
    session: () => p.manyToOne(AttendanceSession).ref().primary(),
    seq: p.bigint('number').primary(),
    at: instant().index(),
    type: p.text(),
    payload: p.json<Record<string, unknown>>(),
  },
});
/** One committed fact of a session for live screens; `seq` is gap-free per session. */
export class LiveEvent extends LiveEventSchema.class {}
LiveEventSchema.setClass(LiveEvent);

const MessageTextSchema = defineEntity({
  name: 'MessageText',
  properties: {
    id: p.uuid().primary(),
    createdAt: instant().defaultRaw('app_clock()').index(),
    textSealed: p.text(),
  },
});
/**
 * A note or reason written before the message that carries its id to a workflow, so that no
 * personal text enters a history (temporal.md section 12).
 */
export class MessageText extends MessageTextSchema.class {}
MessageTextSchema.setClass(MessageText);

/** The audit chains and the keys that seal personal text (trust.md sections 6 and 7). */
import { defineEntity, p } from '@mikro-orm/core';
import { instant } from './base.ts';

const AuditEventSchema = defineEntity({
  name: 'AuditEvent',
  uniques: [{ name: 'audit_event_chain_seq_unique', properties: ['chain', 'seq', 'at'] }],
  indexes: [
    { properties: ['entityType', 'entityId'] },
    { properties: ['sessionId'] },
    { properties: ['studentId'] },
    { properties: ['actor', 'at'] },
  ],
  properties: {
    id: p.uuid().primary(),
    at: instant().primary(),
    chain: p.text(),
    seq: p.bigint('number'),
    actor: p.uuid().nullable(),
    action: p.text(),
    entityType: p.text(),
    entityId: p.text(),
    sessionId: p.uuid().nullable(),
    studentId: p.uuid().nullable(),
    requestId: p.text().nullable(),
    workflowId: p.text().nullable(),
    body: p.text(),
    prevHash: p.text(),
    hash: p.text(),
  },
});
/**
 * One event of a chain. `body` is the exact RFC 8785 text; `hash` (hex) is
 * SHA-256(0x02 || prev_hash || utf8(body)); the other columns are copies for queries.
 */
export class AuditEvent extends AuditEventSchema.class {}
AuditEventSchema.setClass(AuditEvent);

const AuditChainHeadSchema = defineEntity({
  name: 'AuditChainHead',
  properties: {
    chain: p.text().primary(),
    seq: p.bigint('number'),
    hash: p.text(),
    liveSeq: p.bigint('number').default(0),
  },
});
/** Head of a chain, locked last in each transaction; `liveSeq` numbers the session's live events. */
export class AuditChainHead extends AuditChainHeadSchema.class {}
AuditChainHeadSchema.setClass(AuditChainHead);

const DataKeySchema = defineEntity({
  name: 'DataKey',
  uniques: [{ name: 'data_key_subject_active_unique', properties: ['subject'] }],
  properties: {
    id: p.uuid().primary(),
    createdAt: instant().defaultRaw('app_clock()'),
    subject: p.text(),
    kekId: p.text(),
    wrapped: p.text(),
    commitment: p.text(),
  },
});
/** A data key wrapped by the key-encryption key; destroying the row shreds what it sealed. */
export class DataKey extends DataKeySchema.class {}
DataKeySchema.setClass(DataKey);

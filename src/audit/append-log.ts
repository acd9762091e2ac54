/** Appends audit events to their hash chains and live events to their sessions, in one transaction. */
import { createHash } from 'node:crypto';
import { type Em, preparedRows } from '../db/orm.ts';
import type { Id } from '../domain/types.ts';
import { canonicalJson, type CanonicalValue } from '../security/canonical-json.ts';

/** Values of a `before` or `after`: ids, codes, instants and whole numbers; never personal text. */
export type AuditState = Readonly<Record<string, CanonicalValue>>;

/** One event to append (trust.md section 6). */
export interface AuditEntry {
  /** `session:{id}`, `person:{studentId}` or `area:{auth|admin|policy|devices|audit}`. */
  readonly chain: string;
  readonly actor: Id | null;
  readonly actorRole: string;
  readonly onBehalfOf?: Id | null;
  readonly channel: string;
  readonly action: string;
  readonly entityType: string;
  readonly entityId: string;
  readonly sessionId?: Id | null;
  readonly studentId?: Id | null;
  readonly source?: string | null;
  readonly before?: AuditState | null;
  readonly after?: AuditState | null;
  readonly sealed?: string | null;
  readonly reasonCode?: string | null;
  readonly ipNet?: string | null;
  readonly userAgentHash?: string | null;
  readonly requestId?: string | null;
  readonly workflowId?: string | null;
}

/** One live event to append to a session's numbered log. */
export interface LiveEntry {
  readonly sessionId: Id;
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** What a transaction appends as its last act. */
export interface LogEntries {
  readonly audit: readonly AuditEntry[];
  readonly live?: readonly LiveEntry[];
}

/** The fields of an actor that every audit event repeats; matches operations/ports.ts `Actor`. */
export interface AuditActor {
  readonly userId: Id | null;
  readonly role: string;
  readonly channel: string;
  readonly requestId: string | null;
  readonly workflowId: string | null;
  readonly ipNet: string | null;
  readonly userAgentHash: string | null;
}

/** Builds an entry from the actor and the particulars of the change. */
export function auditEntry(
  actor: AuditActor,
  particulars: Omit<AuditEntry, 'actor' | 'actorRole' | 'channel'>,
): AuditEntry {
  return {
    actor: actor.userId,
    actorRole: actor.role,
    channel: actor.channel,
    requestId: actor.requestId,
    workflowId: actor.workflowId,
    ipNet: actor.ipNet,
    userAgentHash: actor.userAgentHash,
    ...particulars,
  };
}

/** Name of the chain of a session. */
export const sessionChain = (sessionId: Id): string => `session:${sessionId}`;
/** Name of the chain of a person. */
export const personChain = (studentId: Id): string => `person:${studentId}`;

/** Head of a chain: hex hash and number of its last event, and the last live number. */
export interface ChainHead {
  readonly chain: string;
  readonly seq: number;
  readonly hash: string;
  readonly liveSeq: number;
}

/** The `prev_hash` of the first event of a chain: SHA-256("audit:v1:" || chain), hex. */
export function chainStart(chain: string): string {
  return createHash('sha256').update(`audit:v1:${chain}`).digest('hex');
}

/** SHA-256(0x02 || prev_hash || utf8(body)), hex (trust.md section 6). */
export function eventHash(prevHash: string, body: string): string {
  return createHash('sha256')
    .update(Buffer.from([2]))
    .update(Buffer.from(prevHash, 'hex'))
    .update(body, 'utf8')
    .digest('hex');
}

/** An instant with six fractional digits, as audit bodies hold it. */
export function auditInstant(at: Date): string {
  return at.toISOString().replace('Z', '000Z');
}

/** One finished event, ready to insert. */
export interface ChainedEvent {
  readonly id: Id;
  readonly at: string;
  readonly chain: string;
  readonly seq: number;
  readonly body: string;
  readonly prevHash: string;
  readonly hash: string;
  readonly entry: AuditEntry;
}

/**
 * Chains entries of one chain behind its head: numbers, canonical bodies and hashes.
 * @param at  instant of the batch; the seeder passes past instants
 */
export function chainEntries(
  head: { readonly chain: string; readonly seq: number; readonly hash: string },
  entries: readonly AuditEntry[],
  at: (index: number) => Date,
  nextId: () => Id,
): ChainedEvent[] {
  let { seq, hash: prevHash } = head;
  return entries.map((entry, index) => {
    seq += 1;
    const id = nextId();
    const instant = auditInstant(at(index));
    const body = eventBody(entry, seq, id, instant);
    const hash = eventHash(prevHash, body);
    const event = { id, at: instant, chain: head.chain, seq, body, prevHash, hash, entry };
    prevHash = hash;
    return event;
  });
}

function eventBody(entry: AuditEntry, seq: number, id: Id, at: string): string {
  return canonicalJson({
    v: 1,
    chain: entry.chain,
    seq,
    id,
    at,
    actor: entry.actor,
    actor_role: entry.actorRole,
    on_behalf_of: entry.onBehalfOf ?? null,
    channel: entry.channel,
    action: entry.action,
    entity_type: entry.entityType,
    entity_id: entry.entityId,
    session_id: entry.sessionId ?? null,
    student_id: entry.studentId ?? null,
    source: entry.source ?? null,
    before: entry.before ?? null,
    after: entry.after ?? null,
    sealed: entry.sealed ?? null,
    reason_code: entry.reasonCode ?? null,
    ip_net: entry.ipNet ?? null,
    ua_hash: entry.userAgentHash ?? null,
    request_id: entry.requestId ?? null,
    workflow_id: entry.workflowId ?? null,
  });
}

/**
 * Appends audit and live events. Call it last in the transaction: it locks the chain heads,
 * ascending by name, and every other writer of those chains waits for this commit, so numbers are
 * gap-free and in commit order (marks.md section 7, trust.md section 6).
 */
export async function appendLog(
  em: Em,
  ids: { next(): Id },
  { audit, live = [] }: LogEntries,
): Promise<void> {
  const auditOf = Map.groupBy(audit, (entry) => entry.chain);
  const chains = [
    ...new Set([...auditOf.keys(), ...live.map((entry) => sessionChain(entry.sessionId))]),
  ].sort();
  if (chains.length === 0) return;
  const { heads, now } = await lockHeads(em, chains);
  const liveOf = Map.groupBy(live, (entry) => sessionChain(entry.sessionId));
  const events: ChainedEvent[] = [];
  const moved: ChainHead[] = [];
  const liveRows: (LiveEntry & { seq: number })[] = [];
  for (const head of heads) {
    const chained = chainEntries(
      head,
      auditOf.get(head.chain) ?? [],
      () => now,
      () => ids.next(),
    );
    const last = chained.at(-1);
    const ownLive = liveOf.get(head.chain) ?? [];
    ownLive.forEach((entry, index) => liveRows.push({ ...entry, seq: head.liveSeq + index + 1 }));
    events.push(...chained);
    moved.push({
      chain: head.chain,
      seq: last?.seq ?? head.seq,
      hash: last?.hash ?? head.hash,
      liveSeq: head.liveSeq + ownLive.length,
    });
  }
  await insertAuditEvents(em, events);
  await insertLiveEvents(em, liveRows, now);
  await moveHeads(em, moved);
}

async function lockHeads(
  em: Em,
  chains: readonly string[],
): Promise<{ heads: ChainHead[]; now: Date }> {
  let found = await lockAllHeads(em, chains);
  if (found.length === 0) {
    await preparedRows(
      em,
      `insert into audit_chain_head (chain, seq, hash, live_seq)
       select * from unnest(?::text[], ?::bigint[], ?::text[], ?::bigint[])
       on conflict do nothing`,
      [chains, chains.map(() => 0), chains.map(chainStart), chains.map(() => 0)],
    );
    found = await lockAllHeads(em, chains);
  }
  if (found.length !== chains.length) throw new Error('a chain has no head to append to');
  return {
    // The last one was read when every head was locked.
    now: new Date(Math.max(...found.map(({ ms }) => Number(ms)))),
    heads: found.map((row) => ({
      chain: row.chain,
      seq: Number(row.seq),
      hash: row.hash,
      liveSeq: Number(row.live_seq),
    })),
  };
}

interface HeadRow {
  chain: string;
  seq: string;
  hash: string;
  live_seq: string;
  ms: string;
}

/**
 * Locks the heads, ascending, each with the database's clock after its lock; none where one is still
 * to be made, because what is made must be made before the first is locked.
 */
function lockAllHeads(em: Em, chains: readonly string[]): Promise<HeadRow[]> {
  return preparedRows<HeadRow>(
    em,
    `with head as materialized (
       select chain, seq, hash, live_seq from audit_chain_head where chain = any(?::text[])
         and (select count(*) from audit_chain_head where chain = any(?::text[])) = ?::int
       order by chain collate "C" for update)
     select head.*, floor(extract(epoch from app_clock()) * 1000)::bigint as ms from head`,
    [chains, chains, chains.length],
  );
}

/** Inserts finished events in one statement. */
export async function insertAuditEvents(em: Em, events: readonly ChainedEvent[]): Promise<void> {
  if (events.length === 0) return;
  const column = <T>(pick: (event: ChainedEvent) => T): T[] => events.map(pick);
  await preparedRows(
    em,
    `insert into audit_event (id, at, chain, seq, actor, action, entity_type, entity_id, session_id,
       student_id, request_id, workflow_id, body, prev_hash, hash)
     select * from unnest(?::uuid[], ?::timestamptz[], ?::text[], ?::bigint[], ?::uuid[], ?::text[],
       ?::text[], ?::text[], ?::uuid[], ?::uuid[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[])`,
    [
      column((e) => e.id),
      column((e) => e.at),
      column((e) => e.chain),
      column((e) => e.seq),
      column((e) => e.entry.actor),
      column((e) => e.entry.action),
      column((e) => e.entry.entityType),
      column((e) => e.entry.entityId),
      column((e) => e.entry.sessionId ?? null),
      column((e) => e.entry.studentId ?? null),
      column((e) => e.entry.requestId ?? null),
      column((e) => e.entry.workflowId ?? null),
      column((e) => e.body),
      column((e) => e.prevHash),
      column((e) => e.hash),
    ],
  );
}

async function insertLiveEvents(
  em: Em,
  events: readonly (LiveEntry & { seq: number })[],
  at: Date,
): Promise<void> {
  if (events.length === 0) return;
  await preparedRows(
    em,
    `insert into live_event (session_id, seq, at, type, payload)
     select session_id, seq, ?::timestamptz, type, payload::jsonb
     from unnest(?::uuid[], ?::bigint[], ?::text[], ?::text[]) as e(session_id, seq, type, payload)`,
    [
      at.toISOString(),
      events.map((e) => e.sessionId),
      events.map((e) => e.seq),
      events.map((e) => e.type),
      events.map((e) => JSON.stringify(e.payload)),
    ],
  );
}

async function moveHeads(em: Em, heads: readonly ChainHead[]): Promise<void> {
  await preparedRows(
    em,
    `update audit_chain_head h set seq = n.seq, hash = n.hash, live_seq = n.live_seq
     from unnest(?::text[], ?::bigint[], ?::text[], ?::bigint[]) as n(chain, seq, hash, live_seq)
     where h.chain = n.chain`,
    [
      heads.map((h) => h.chain),
      heads.map((h) => h.seq),
      heads.map((h) => h.hash),
      heads.map((h) => h.liveSeq),
    ],
  );
}

/** Collects the audit events of the seeded past and chains them in the order of their instants. */
import {
  chainEntries,
  chainStart,
  insertAuditEvents,
  type AuditEntry,
  type ChainedEvent,
} from '../../audit/append-log.ts';
import { type Em } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';
import { bulkInsert } from './bulk-insert.ts';

interface Dated {
  readonly atMs: number;
  readonly entry: AuditEntry;
}

/** Events per insert statement. */
const BATCH = 3_000;

/** The events of every chain the seeder starts; written once, at the end of its transaction. */
export class AuditTrail {
  readonly #chains = new Map<string, Dated[]>();

  /** Adds events of one instant; events of the same instant keep the order they were added in. */
  add(atMs: number, ...entries: readonly AuditEntry[]): void {
    for (const entry of entries) {
      const own = this.#chains.get(entry.chain) ?? [];
      if (own.length === 0) this.#chains.set(entry.chain, own);
      own.push({ atMs, entry });
    }
  }

  /**
   * Chains and inserts everything, with the heads. The chains must be new: the seeder runs on an
   * empty database only.
   */
  async write(em: Em, idAt: (atMs: number) => Id): Promise<void> {
    const heads: ChainedEvent[] = [];
    let batch: ChainedEvent[] = [];
    for (const chain of [...this.#chains.keys()].sort()) {
      const events = this.#chain(chain, idAt);
      const last = events.at(-1);
      if (last) heads.push(last);
      batch.push(...events);
      if (batch.length >= BATCH) {
        await insertAuditEvents(em, batch);
        batch = [];
      }
    }
    await insertAuditEvents(em, batch);
    await bulkInsert(
      em,
      'audit_chain_head',
      [
        ['chain', 'text', (head) => head.chain],
        ['seq', 'bigint', (head) => head.seq],
        ['hash', 'text', (head) => head.hash],
      ],
      heads,
    );
  }

  #chain(chain: string, idAt: (atMs: number) => Id): ChainedEvent[] {
    const dated = [...(this.#chains.get(chain) ?? [])].sort((a, b) => a.atMs - b.atMs);
    const instant = (index: number): number => dated[index]?.atMs ?? 0;
    let next = 0;
    return chainEntries(
      { chain, seq: 0, hash: chainStart(chain) },
      dated.map(({ entry }) => entry),
      (index) => new Date(instant(index)),
      () => idAt(instant(next++)),
    );
  }
}

/** Partitions of the audit log, made before their month begins. */
import { rows, type Em } from '../db/orm.ts';

const MONTHS_AHEAD = 3;

/**
 * Makes the partitions of this month and the next ones; existing ones stay as they are. A month
 * whose rows went to the default partition could no longer get its own.
 */
export async function keepAuditPartitions(em: Em): Promise<void> {
  await rows(em, 'select ensure_audit_partitions(?::int)', [MONTHS_AHEAD]);
}

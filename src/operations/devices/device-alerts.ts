/** Security events of gateways, in the chain of the devices. */
import { appendLog, auditEntry, type AuditEntry } from '../../audit/append-log.ts';
import type { Id } from '../../domain/types.ts';
import type { Actor, Operation } from '../ports.ts';

/** The audit event of something that should not happen with a gateway. */
export function deviceAlert(actor: Actor, gatewayId: Id, code: string): AuditEntry {
  return auditEntry(actor, {
    chain: 'area:devices',
    action: `device.${code}`,
    entityType: 'Gateway',
    entityId: gatewayId,
  });
}

/** Records a security event in a transaction of its own. */
export async function recordDeviceAlert(
  { em, ids, actor }: Operation,
  gatewayId: Id,
  code: string,
): Promise<void> {
  await em.transactional((own) =>
    appendLog(own, ids, { audit: [deviceAlert(actor, gatewayId, code)] }),
  );
}

/** Where a request came from, as the audit trail may keep it. */
import type { AuditActor } from '../audit/append-log.ts';
import type { Id } from '../domain/types.ts';

/** The network and program of a caller; never a full address. */
export interface Caller {
  readonly requestId: string | null;
  readonly ipNet: string | null;
  readonly userAgentHash: string | null;
}

/** The actor of a sign-in event: the account when it is known. */
export function callerActor(caller: Caller, userId: Id | null, role: string): AuditActor {
  return { ...caller, userId, role, channel: 'api', workflowId: null };
}

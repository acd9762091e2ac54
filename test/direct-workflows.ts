/** A workflow gateway without Temporal: each command goes straight to the operation of its activity. */
import { firstRow } from '../src/db/orm.ts';
import type { Deps } from '../src/deps.ts';
import { operationFor } from '../src/operations/operation-for.ts';
import { SYSTEM_ACTOR, type WorkflowGateway } from '../src/operations/ports.ts';
import { applyDecision } from '../src/operations/requests/apply-decision.ts';
import { withdrawCase } from '../src/operations/requests/withdraw-case.ts';
import { applyTransition } from '../src/operations/sessions/apply-transition.ts';

/** Commands that reached the gateway, for tests that look at outgoing calls. */
export interface DirectWorkflows extends WorkflowGateway {
  readonly started: string[];
  /** Tells the gateway which process it serves; call it once the API runs. */
  connect(deps: Deps): void;
}

/** Makes a gateway that applies commands and decisions at once, as the workflows would. */
export function directWorkflows(): DirectWorkflows {
  let deps: Deps | undefined;
  const connected = (): Deps => {
    if (!deps) throw new Error('connect the gateway first');
    return deps;
  };
  return {
    started: [],
    connect(given) {
      deps = given;
    },
    async startSession(sessionId) {
      this.started.push(`session/${sessionId}`);
    },
    async startCase(kind, caseId) {
      this.started.push(`${kind}/${caseId}`);
    },
    async transition(sessionId, command) {
      const operation = operationFor(connected(), SYSTEM_ACTOR);
      const row = await firstRow<{ epoch: number }>(
        operation.em,
        'select epoch from attendance_session where id = ?::uuid',
        [sessionId],
      );
      return applyTransition(operation, {
        sessionId,
        epoch: row?.epoch ?? 0,
        command: { ...command, by: 'person' },
      });
    },
    async decide(kind, caseId, message) {
      const operation = operationFor(connected(), SYSTEM_ACTOR);
      return applyDecision(operation, kind, caseId, { ...message, channel: 'api' });
    },
    async withdraw(kind, caseId, message) {
      return withdrawCase(operationFor(connected(), SYSTEM_ACTOR), kind, caseId, message);
    },
    ping: async () => ({ reachable: true, workers: 1 }),
    close: async () => undefined,
  };
}

/** A workflow gateway without Temporal: each command goes straight to the operation of its activity. */
import { firstRow } from '../src/db/orm.ts';
import type { Deps } from '../src/deps.ts';
import { appError } from '../src/domain/errors.ts';
import { operationFor } from '../src/operations/operation-for.ts';
import { SYSTEM_ACTOR, type WorkflowGateway } from '../src/operations/ports.ts';
import { applyTransition } from '../src/operations/sessions/apply-transition.ts';

/** Commands that reached the gateway, for tests that look at outgoing calls. */
export interface DirectWorkflows extends WorkflowGateway {
  readonly started: string[];
  /** Tells the gateway which process it serves; call it once the API runs. */
  connect(deps: Deps): void;
}

/** Makes a gateway that applies lifecycle commands at once, as the session workflow would. */
export function directWorkflows(): DirectWorkflows {
  let deps: Deps | undefined;
  const away = () => Promise.reject(appError('workflow_unavailable', 'Not part of this test.'));
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
      if (!deps) throw new Error('connect the gateway first');
      const operation = operationFor(deps, SYSTEM_ACTOR);
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
    decide: away,
    withdraw: away,
    ping: async () => ({ reachable: true, workers: 1 }),
    close: async () => undefined,
  };
}

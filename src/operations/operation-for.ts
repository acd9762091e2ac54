/** Builds what an operation is given from the parts of a process. */
import type { Em, Orm } from '../db/orm.ts';
import type { FieldSealer } from '../security/field-cipher.ts';
import type { Actor, Clock, Ids, Operation } from './ports.ts';

/** The parts of a process that operations use. */
export interface OperationParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly sealer: FieldSealer;
}

/** An operation's surroundings: a forked entity manager and who causes the change. */
export function operationFor({ orm, clock, ids, sealer }: OperationParts, actor: Actor): Operation {
  let em: Em | undefined;
  return {
    // Made when first asked for: scans and tickets share the one of their batch.
    get em() {
      em ??= orm.em.fork();
      return em;
    },
    clock,
    ids,
    sealer,
    actor,
  };
}

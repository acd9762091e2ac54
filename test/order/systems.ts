/** The systems the order proof compares: the product's, and two that must be found out. */
import type { ResolvableOperation } from '../../src/domain/attendance/operation.ts';
import {
  emptyLedger,
  resolveSession,
  takeBatch,
  type Register,
  type SessionContext,
} from '../../src/domain/attendance/resolve-session.ts';
import type { Resolution } from '../../src/domain/attendance/resolver.ts';
import type { Id } from '../../src/domain/types.ts';
import type { OrderCase } from './generate.ts';

/** A way to a register: from all claims at once, and batch by batch. */
export interface OrderSystem {
  readonly resolveAll: (
    context: SessionContext,
    roster: readonly Id[],
    operations: readonly ResolvableOperation[],
  ) => Register;
  readonly takeAll: (
    context: SessionContext,
    roster: readonly Id[],
    batches: readonly (readonly ResolvableOperation[])[],
  ) => Register;
}

/** The rules as they are. */
export const PRODUCT: OrderSystem = {
  resolveAll: resolveSession,
  takeAll(context, roster, batches) {
    let ledger = emptyLedger(context, roster);
    for (const batch of batches) ledger = takeBatch(context, roster, ledger, batch);
    return ledger.register;
  },
};

/** Control: the record says what arrived last. */
const LAST_WINS: OrderSystem = {
  resolveAll: (_context, roster, operations) => registerOfLast(roster, operations),
  takeAll: (_context, roster, batches) => registerOfLast(roster, batches.flat()),
};

/** Control: the rules as they are, but an arrival resolves its own students alone. */
const NO_NEIGHBOURS: OrderSystem = {
  resolveAll: resolveSession,
  takeAll(context, roster, batches) {
    const arrived = new Map<Id, ResolvableOperation>();
    let register = resolveSession(context, roster, []);
    for (const batch of batches) {
      for (const op of batch) arrived.set(op.opId, op);
      const now = resolveSession(context, roster, [...arrived.values()]);
      const records = new Map(register.records);
      for (const { studentId } of batch) {
        const own = now.records.get(studentId);
        if (own !== undefined) records.set(studentId, own);
      }
      register = { ...now, records: now.taken === register.taken ? records : now.records };
    }
    return register;
  },
};

/** Systems that depend on the order, by the name the command line takes. */
export const CONTROLS: ReadonlyMap<string, OrderSystem> = new Map([
  ['last-wins', LAST_WINS],
  ['no-neighbours', NO_NEIGHBOURS],
]);

function registerOfLast(
  roster: readonly Id[],
  operations: readonly ResolvableOperation[],
): Register {
  const records = new Map<Id, Resolution | null>(roster.map((id) => [id, null]));
  for (const op of operations) {
    if (op.kind !== 'mark' || op.mark === null || !records.has(op.studentId)) continue;
    records.set(op.studentId, {
      mark: op.mark,
      winnerOpId: op.opId,
      rank: op.rank,
      source: op.source,
      arrivalMs: null,
      excuseCategory: op.excuseCategory,
      flags: op.flags,
    });
  }
  return { taken: true, records, conflicts: [] };
}

/** What must not depend on the order (marks.md section 14), as text to compare. */
export function projectRegister({ records, conflicts }: Register): string {
  const students = [...records].map(([studentId, record]) =>
    JSON.stringify([
      studentId,
      record && [
        record.mark,
        record.winnerOpId,
        record.arrivalMs,
        record.excuseCategory,
        [...record.flags].sort(),
      ],
    ]),
  );
  const contradictions = conflicts.map(({ kind, studentId, deviceKeyId, opIds, state }) =>
    JSON.stringify([kind, studentId ?? deviceKeyId, [...opIds].sort(), state]),
  );
  return [...students.sort(), ...contradictions.sort()].join('\n');
}

/** The two answers of a system that should be one. */
export interface Divergence {
  readonly fromTheWholeSet: string;
  readonly asItArrived: string;
}

/** The answers to a case where they differ, else null. */
export function findDivergence(system: OrderSystem, drawn: OrderCase): Divergence | null {
  const { context, roster, operations, batches } = drawn;
  const fromTheWholeSet = projectRegister(system.resolveAll(context, roster, operations));
  const asItArrived = projectRegister(system.takeAll(context, roster, batches));
  return fromTheWholeSet === asItArrived ? null : { fromTheWholeSet, asItArrived };
}

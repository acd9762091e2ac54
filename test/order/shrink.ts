/** From a case that shows a divergence to a smaller one that still shows it. */
import type { ResolvableOperation } from '../../src/domain/attendance/operation.ts';
import type { OrderCase } from './generate.ts';
import { findDivergence, type OrderSystem } from './systems.ts';

/** Enough for every case the generator makes; a bound all the same. */
const MAX_ROUNDS = 1_000;

/** Takes claims, repeats, cuts and references away as long as the divergence stays. */
export function shrinkCase(system: OrderSystem, found: OrderCase): OrderCase {
  let smallest = found;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const smaller = smallerCases(smallest).find((drawn) => findDivergence(system, drawn) !== null);
    if (!smaller) return smallest;
    smallest = smaller;
  }
  return smallest;
}

function smallerCases(drawn: OrderCase): OrderCase[] {
  const { operations, batches, roster } = drawn;
  const withoutOne = operations.map(({ opId }) =>
    rewrite(drawn, (op) => (op.opId === opId ? null : op)),
  );
  const plainer = operations.flatMap((op) =>
    plainerForms(op).map((form) =>
      rewrite(drawn, (other) => (other.opId === op.opId ? form : other)),
    ),
  );
  const withoutRepeat = batches.flat().map((_, index) => withoutArrival(drawn, index));
  const oneCutLess = batches.slice(1).map((_, index) => ({
    ...drawn,
    batches: [
      ...batches.slice(0, index),
      [...(batches[index] ?? []), ...(batches[index + 1] ?? [])],
      ...batches.slice(index + 2),
    ],
  }));
  const fewerStudents = roster.map((id) => ({
    ...drawn,
    roster: roster.filter((other) => other !== id),
  }));
  return [
    ...withoutOne,
    ...withoutRepeat.filter((smaller) => smaller !== null),
    ...oneCutLess,
    ...fewerStudents,
    ...plainer,
  ];
}

function rewrite(
  drawn: OrderCase,
  form: (op: ResolvableOperation) => ResolvableOperation | null,
): OrderCase {
  const apply = (ops: readonly ResolvableOperation[]) => ops.map(form).filter((op) => op !== null);
  return {
    ...drawn,
    operations: apply(drawn.operations),
    batches: drawn.batches.map(apply).filter((batch) => batch.length > 0),
  };
}

function plainerForms(op: ResolvableOperation): ResolvableOperation[] {
  const forms: ResolvableOperation[] = [];
  if (op.baseOpId !== null) forms.push({ ...op, baseOpId: null });
  if (op.acks.length > 0) forms.push({ ...op, acks: [] });
  if (op.flags.length > 0) forms.push({ ...op, flags: [] });
  if (op.deviceKeyId !== null) forms.push({ ...op, deviceKeyId: null });
  return forms;
}

/** The arrival without its nth item, where that claim arrives elsewhere too. */
function withoutArrival({ batches, ...drawn }: OrderCase, index: number): OrderCase | null {
  const arriving = batches.flat();
  const dropped = arriving[index]?.opId;
  if (arriving.filter((op) => op.opId === dropped).length < 2) return null;
  let position = -1;
  const kept = batches.map((batch) =>
    batch.filter(() => {
      position += 1;
      return position !== index;
    }),
  );
  return { ...drawn, batches: kept.filter((batch) => batch.length > 0) };
}

/** A case as text for a person: the class, each claim, and the way they arrived. */
export function describeCase({ context, roster, operations, batches }: OrderCase): string {
  const { policy, status, wasObserved } = context;
  return [
    `session ${status}, observed ${wasObserved}, policy ${JSON.stringify(policy)}`,
    `roster ${roster.join(' ')}`,
    ...operations.map((op) => `  ${JSON.stringify(op)}`),
    `arrival ${batches.map((batch) => batch.map((op) => op.opId).join(' ')).join(' | ')}`,
  ].join('\n');
}

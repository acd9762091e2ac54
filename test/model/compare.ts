/** Plays a sequence against the product and the model side by side and tells where they part. */
import { isDeepStrictEqual } from 'node:util';
import { describeSequence, type Sequence } from './commands.ts';
import { Model } from './model.ts';
import type { Mutant } from './register.ts';
import type { School } from './school.ts';

/** How much was compared; a comparison that looked at nothing proves nothing. */
export interface Tally {
  sequences: number;
  commands: number;
  /** How often each answer was given, by command. */
  readonly answers: Map<string, number>;
}

/** A tally of nothing. */
export const emptyTally = (): Tally => ({ sequences: 0, commands: 0, answers: new Map() });

/** Where the product and the model differ in a sequence, in words, or null. */
export async function findDifference(
  school: School,
  sequence: Sequence,
  { mutant = null, tally }: { mutant?: Mutant | null; tally?: Tally } = {},
): Promise<string | null> {
  const model = new Model(sequence.given, mutant);
  const tested = await school.begin(sequence.given);
  try {
    if (tally) tally.sequences += 1;
    for (const [index, command] of sequence.commands.entries()) {
      const answer = await tested.take(command);
      if (answer === null) continue;
      if (tally) count(tally, `${command.do}: ${command.do === 'bulk' ? 'results' : answer}`);
      const expected = { answer: model.take(command), ...model.view() };
      const found = { answer, ...(await tested.view()) };
      if (isDeepStrictEqual(found, expected)) continue;
      const step = `step ${index + 1}, ${JSON.stringify(command)}`;
      return [
        step,
        `product: ${JSON.stringify(found)}`,
        `model:   ${JSON.stringify(expected)}`,
        describeSequence(sequence),
      ].join('\n');
    }
    const faults = await tested.audit();
    return faults.length === 0 ? null : [...faults, describeSequence(sequence)].join('\n');
  } finally {
    await tested.end();
  }
}

function count(tally: Tally, answer: string): void {
  tally.commands += 1;
  tally.answers.set(answer, (tally.answers.get(answer) ?? 0) + 1);
}

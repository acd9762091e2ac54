/** Shows how far the seeder is: a bar on a terminal, one line per step elsewhere. */
import { Presets, SingleBar } from 'cli-progress';

/** Progress over named steps; each has a weight in hundredths of the whole. */
export interface Progress {
  /** Begins the next step. */
  step(name: string, weight: number): void;
  /** Moves within the step: the share done, from 0 to 1. */
  within(share: number): void;
  /** Ends the last step; later calls have no effect. */
  finish(): void;
}

/** Says nothing: for tests. */
export const SILENT_PROGRESS: Progress = {
  step: () => undefined,
  within: () => undefined,
  finish: () => undefined,
};

/** Progress on standard output. */
export function showProgress(isTerminal = process.stdout.isTTY): Progress {
  return isTerminal ? barProgress() : lineProgress();
}

function barProgress(): Progress {
  const bar = new SingleBar(
    { format: '  {bar} {percentage}%  {name}', hideCursor: true, clearOnComplete: false },
    Presets.shades_grey,
  );
  let before = 0;
  let weight = 0;
  bar.start(100, 0, { name: '' });
  return {
    step(name, next) {
      before += weight;
      weight = next;
      bar.update(Math.round(before), { name });
    },
    within(share) {
      bar.update(Math.round(before + weight * share));
    },
    finish() {
      bar.update(100, { name: 'done' });
      bar.stop();
    },
  };
}

function lineProgress(): Progress {
  let current: { readonly name: string; readonly startedMs: number } | undefined;
  const end = (): void => {
    if (!current) return;
    console.log(`  ${current.name} (${((Date.now() - current.startedMs) / 1_000).toFixed(1)} s)`);
    current = undefined;
  };
  return {
    step(name) {
      end();
      current = { name, startedMs: Date.now() };
    },
    within: () => undefined,
    finish: end,
  };
}

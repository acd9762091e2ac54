/** Other processes, known by pid and command line: a pid alone may belong to somebody else by now. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { waitUntil } from './child.ts';

/** A process that an earlier run noted down. `part` is a piece of its command line. */
export interface Noted {
  readonly pid: number;
  readonly part: string;
}

/** Says whether the noted process still runs; the remains of an ended one do not count. */
export function isRunning({ pid, part }: Noted): boolean {
  return commandLine(pid).includes(part);
}

/** Stops the noted process if it still runs, and waits for its end. @throws Error when it stays */
export async function stopNoted(
  noted: Noted & { readonly signal?: NodeJS.Signals; readonly name: string },
): Promise<void> {
  if (!isRunning(noted)) return;
  process.kill(noted.pid, noted.signal ?? 'SIGTERM');
  await waitUntil(() => Promise.resolve(!isRunning(noted)), {
    timeoutMs: 30_000,
    message: `${noted.name} of an earlier start (pid ${noted.pid}) does not stop`,
  });
}

function commandLine(pid: number): string {
  if (!Number.isInteger(pid) || pid <= 0) return '';
  try {
    if (existsSync('/proc/self/cmdline')) {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    }
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return ''; // No such process.
  }
}

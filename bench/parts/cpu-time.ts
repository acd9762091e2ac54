/** CPU time of processes and their children, read from the kernel. */
import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of CPU accounting per second; fixed on Linux. */
const TICKS_PER_SECOND = 100;

/**
 * Seconds of CPU that a process and everything below it have used, ended children included.
 * @returns null where the kernel has no /proc
 */
export function cpuSecondsOf(pid: number): number | null {
  try {
    const all = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => statOf(Number(name)));
    const below = new Set([pid]);
    for (let grew = true; grew;) {
      const found = all.filter((stat) => below.has(stat.parent) && !below.has(stat.pid));
      for (const stat of found) below.add(stat.pid);
      grew = found.length > 0;
    }
    const ticks = all
      .filter((stat) => below.has(stat.pid))
      .reduce((sum, stat) => sum + stat.ticks, 0);
    return ticks / TICKS_PER_SECOND;
  } catch (error) {
    if (Reflect.get(Object(error), 'code') === 'ENOENT') return null;
    throw error;
  }
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

/** A process that ends while it is read counts for nothing. */
function statOf(pid: number): Stat[] {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return [];
  }
  // The name in parentheses may hold blanks; what follows it begins with the state.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [parent = 0] = fields.slice(1, 2);
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15);
  return [{ pid, parent, ticks: user + system + childUser + childSystem }];
}

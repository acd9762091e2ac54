/** What every proof prints and keeps: the machine, the figures, one JSON line (quality.md section 9). */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** One figure as it is published. */
export interface Report {
  readonly id: string;
  readonly target: string;
  readonly value: number;
  readonly unit: string;
  readonly pass: boolean;
  /** `failed` must be true: a zero without a failing control is not evidence. */
  readonly control: { readonly name: string; readonly value: number; readonly failed: boolean };
  readonly runs: readonly object[];
  readonly seed: number;
  readonly environment: Environment;
  readonly noisy: boolean;
  readonly command: string;
  readonly log: readonly string[];
}

/** Where a figure was measured. */
export interface Environment {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMb: number;
  readonly kernel: string;
  readonly node: string;
  readonly commit: string;
  /** Whether files differed from the commit. */
  readonly dirty: boolean;
  /** Mean number of busy threads in the minute before the start. */
  readonly loadBefore: number;
}

/** Reads the machine and the commit; call it before the work starts. */
export function readEnvironment(): Environment {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryMb: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    node: process.version,
    commit: git('rev-parse', '--short', 'HEAD') || 'none',
    dirty: git('status', '--porcelain', '--untracked-files=no') !== '',
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

/** A source without its history has no commit to name. */
function git(...args: readonly string[]): string {
  try {
    return execFileSync('git', args, { cwd: PROJECT, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return '';
  }
}

/** Keeps a report as one JSON line; gives the path inside the project. */
export function writeReport(report: Report, at: Date): string {
  const folder = `bench/results/${report.id}`;
  const time = at
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '');
  const path = `${folder}/${time}-${report.environment.commit}.json`;
  mkdirSync(`${PROJECT}/${folder}`, { recursive: true });
  writeFileSync(`${PROJECT}/${path}`, `${JSON.stringify(report)}\n`);
  return path;
}

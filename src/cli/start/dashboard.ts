/** Builds the dashboard when its sources changed since the last build. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startChild, type Child } from '../../provision/child.ts';

const run = promisify(execFile);
const SKIPPED = new Set(['node_modules', 'dist', '.vite']);

/**
 * Makes `web/dist` when it is missing or older than the sources.
 * @returns whether a build ran
 */
export async function buildDashboard(project: string): Promise<boolean> {
  const web = join(project, 'web');
  const stamp = join(project, 'var', 'dashboard.sha256');
  const hash = hashSources(web, join(project, 'package-lock.json'));
  const known = existsSync(stamp) ? readFileSync(stamp, 'utf8').trim() : '';
  if (known === hash && existsSync(join(web, 'dist', 'index.html'))) return false;
  await run(process.execPath, [viteOf(project), 'build'], {
    cwd: web,
    env: { ...process.env, NODE_ENV: 'production' },
    maxBuffer: 16 * 1024 * 1024,
  });
  mkdirSync(join(project, 'var'), { recursive: true });
  writeFileSync(stamp, `${hash}\n`);
  return true;
}

/** Builds again on every change, until it is stopped. */
export function watchDashboard(project: string, logFile: string): Child {
  return startChild({
    command: process.execPath,
    args: [viteOf(project), 'build', '--watch'],
    cwd: join(project, 'web'),
    logFile,
  });
}

const viteOf = (project: string): string => join(project, 'node_modules', 'vite', 'bin', 'vite.js');

function hashSources(web: string, lockFile: string): string {
  const hash = createHash('sha256').update(readFileSync(lockFile));
  const visit = (folder: string): void => {
    const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    );
    for (const entry of entries) {
      if (SKIPPED.has(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else hash.update(path).update(readFileSync(path));
    }
  };
  visit(web);
  return hash.digest('hex');
}

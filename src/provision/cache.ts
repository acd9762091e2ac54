/** The folder of server binaries that survives between runs and clones, filled atomically. */
import { randomUUID } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const NAME = 'campshub360-attendance';
const LOCK_STALE_MS = 20 * 60_000;
const LOCK_POLL_MS = 500;

/**
 * The cache folder: CAMPSHUB_CACHE_DIR, else XDG_CACHE_HOME, else ~/.cache, else `var/cache` of the
 * project where the home is not writable.
 */
export function cacheFolder(projectFolder: string, env: NodeJS.ProcessEnv = process.env): string {
  const own = env['CAMPSHUB_CACHE_DIR'];
  const base = env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const candidates = [...(own ? [own] : []), join(base, NAME)];
  return candidates.find(isUsable) ?? join(projectFolder, 'var', 'cache');
}

function isUsable(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false; // The next candidate is tried; var/cache is always ours.
  }
}

/**
 * Gives the entry `name` of the cache, making it under a lock when it is missing.
 * @param make  fills the temporary path it is given (a file or folder); moved into place at the end
 */
export async function cached(
  folder: string,
  name: string,
  make: (temporaryPath: string) => Promise<void>,
): Promise<string> {
  const path = join(folder, name);
  if (existsSync(path)) return path;
  const release = await lock(join(folder, `${name}.lock`));
  try {
    if (existsSync(path)) return path;
    const temporary = join(folder, `${name}.${randomUUID()}.part`);
    await mkdir(dirname(temporary), { recursive: true });
    try {
      await make(temporary);
      await rename(temporary, path);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
    return path;
  } finally {
    await release();
  }
}

/** A folder as lock: mkdir is atomic everywhere; one older than its limit was left by a crash. */
async function lock(path: string): Promise<() => Promise<void>> {
  await mkdir(dirname(path), { recursive: true });
  for (;;) {
    try {
      await mkdir(path);
      await writeFile(join(path, 'pid'), String(process.pid));
      return () => rm(path, { recursive: true, force: true });
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
      const age = Date.now() - (await stat(path).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
      if (age > LOCK_STALE_MS) await rm(path, { recursive: true, force: true });
      else await new Promise((done) => setTimeout(done, LOCK_POLL_MS));
    }
  }
}

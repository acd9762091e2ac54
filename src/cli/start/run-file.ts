/** `var/run.json`: what `npm start` started, for scripts to read while it runs. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

const schema = z.object({
  api: z.string(),
  temporal_ui: z.string(),
  temporal_address: z.string(),
  temporal_cli: z.string(),
  database_url: z.string(),
  mail_folder: z.string(),
  accounts: z.array(z.object({ email: z.string(), role: z.string() })),
  pids: z.record(z.string(), z.number()),
});

/** The contents of the run file (architecture.md section 2). */
export type RunFile = z.infer<typeof schema>;

/** Reads a run file; undefined when there is none, or when it is unreadable. */
export function readRunFile(path: string): RunFile | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined; // Left half-written by a crash: the next start replaces it.
  }
}

/** Writes the run file, readable by its owner alone, since it holds the database's password. */
export function writeRunFile(path: string, contents: RunFile): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(contents, null, 2)}\n`, { mode: 0o600 });
}

/** Removes the run file. */
export function removeRunFile(path: string): void {
  rmSync(path, { force: true });
}

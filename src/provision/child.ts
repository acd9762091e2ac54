/** Child processes: started in their own group with output in a file, stopped by pid. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** A running child. `exited` resolves with its code, or the signal's name. */
export interface Child {
  readonly pid: number;
  readonly exited: Promise<number | string>;
  stop(graceMs?: number): Promise<void>;
}

/** How to start a child. */
export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly logFile: string;
  /** Called with each line of output. */
  readonly onLine?: (line: string) => void;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Signal that asks for a stop; SIGTERM unless stated. */
  readonly stopSignal?: NodeJS.Signals;
}

/** Starts a child whose output goes to its log file; it is not in the terminal's group. */
export function startChild(options: ChildOptions): Child {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = createWriteStream(options.logFile, { flags: 'a' });
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.pipe(log, { end: false });
    if (options.onLine) forEachLine(stream, options.onLine);
  }
  const exited = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  exited.catch(() => undefined); // Awaited by whoever stops or watches the child.
  if (child.pid === undefined) throw new Error(`${options.command} could not be started`);
  return {
    pid: child.pid,
    exited,
    stop: (graceMs = 10_000) => stopChild(child, exited, options.stopSignal ?? 'SIGTERM', graceMs),
  };
}

function forEachLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}

async function stopChild(
  child: ChildProcess,
  exited: Promise<unknown>,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await exited.catch(() => undefined);
  clearTimeout(timer);
}

/** Polls until `probe` is true. Throws `message` after `timeoutMs`, or when `child` ends first. */
export async function waitUntil(
  probe: () => Promise<boolean>,
  { timeoutMs, message, child }: { timeoutMs: number; message: string; child?: Child },
): Promise<void> {
  let ended: number | string | undefined;
  child?.exited.then(
    (code) => (ended = code),
    () => (ended = 'not started'),
  );
  const deadline = Date.now() + timeoutMs;
  while (!(await probe())) {
    if (ended !== undefined) throw new Error(`${message} (it ended with ${ended})`);
    if (Date.now() > deadline) throw new Error(message);
    await new Promise((done) => setTimeout(done, 50));
  }
}

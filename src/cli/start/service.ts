/** A service of ours as a child process, started again when it ends by itself. */
import { join } from 'node:path';
import { startChild, type Child } from '../../provision/child.ts';

/** Of each half of the young generation; 16 by default, which small processes never give back. */
const YOUNG_MEGABYTES = 4;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const STEADY_AFTER_MS = 60_000;

/** What a service runs with. */
export interface ServiceOptions {
  readonly name: 'api' | 'worker';
  readonly project: string;
  readonly env: Readonly<Record<string, string>>;
  readonly heapMegabytes: number;
  /** Start again whenever a source file changes. */
  readonly isWatching: boolean;
  /** Called whenever it has a new pid. */
  readonly onStart: () => void;
  readonly onRestart: (line: string) => void;
}

/** Keeps one entry point of src/cli running until it is told to stop. */
export class Service {
  readonly #options: ServiceOptions;
  #child: Child | undefined;
  #isStopping = false;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  /** The pid of the running child. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Asks the service to stop and waits for it; nothing starts it again. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    await this.#child?.stop(graceMs);
  }

  /** A stop is under way: an end from now on is wanted. */
  expectEnd(): void {
    this.#isStopping = true;
  }

  /** Starts it; from now on it starts again whenever it ends. */
  launch(): void {
    const { name, project, env, heapMegabytes, isWatching, onStart } = this.#options;
    const startedAt = Date.now();
    const child = startChild({
      command: process.execPath,
      args: [
        ...(isWatching ? ['--watch', '--watch-preserve-output'] : []),
        `--max-old-space-size=${heapMegabytes}`,
        `--max-semi-space-size=${YOUNG_MEGABYTES}`,
        join(project, 'src', 'cli', `${name}.ts`),
      ],
      env: { ...process.env, ...env, TZ: 'UTC' },
      cwd: project,
      logFile: join(project, 'var', 'logs', `${name}.log`),
    });
    this.#child = child;
    onStart();
    void child.exited.then((code) => this.#ended(code, startedAt));
  }

  #ended(code: number | string, startedAt: number): void {
    if (this.#isStopping) return;
    const { name, onRestart } = this.#options;
    if (Date.now() - startedAt > STEADY_AFTER_MS) this.#pauseMs = FIRST_PAUSE_MS;
    onRestart(`the ${name} ended (${code}); it starts again, its log is var/logs/${name}.log`);
    setTimeout(() => {
      if (!this.#isStopping) this.launch();
    }, this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

/** An embedded server that starts again, in the same place, when it ends by itself. */
import { setTimeout as delay } from 'node:timers/promises';

/** A started server. */
export interface Running {
  readonly pid: number;
  readonly exited: Promise<number | string>;
  stop(): Promise<void>;
}

/** What an embedded server is made of. */
export interface EmbeddedOptions<T extends Running> {
  readonly name: string;
  readonly start: () => Promise<T>;
  readonly say: (line: string) => void;
  /** Called when it has a new pid. */
  readonly onRestart: () => void;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;

/** One server across its restarts. */
export class Embedded<T extends Running> {
  readonly #name: string;
  readonly #start: () => Promise<T>;
  readonly #say: (line: string) => void;
  readonly #onRestart: () => void;
  #current: T | undefined;
  #isStopping = false;

  /** @param options.start starts it; every call must give the same address */
  constructor(options: EmbeddedOptions<T>) {
    this.#name = options.name;
    this.#start = options.start;
    this.#say = options.say;
    this.#onRestart = options.onRestart;
  }

  get name(): string {
    return this.#name;
  }

  /** The pid it has now. */
  get pid(): number | undefined {
    return this.#current?.pid;
  }

  /** Starts it and keeps it running. @throws whatever the first start throws */
  async open(): Promise<T> {
    const running = await this.#start();
    this.#current = running;
    if (this.#isStopping) await running.stop();
    else void running.exited.then((code) => this.#ended(code));
    return running;
  }

  /** An end from now on is wanted. */
  expectEnd(): void {
    this.#isStopping = true;
  }

  /** Stops it for good. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#current?.stop();
  }

  async #ended(code: number | string): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#isStopping) {
      this.#say(`${this.#name} ended (${code}); it starts again`);
      await delay(pauseMs);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      if (this.#isStopping) return;
      try {
        await this.open();
        this.#onRestart();
        return;
      } catch (error) {
        this.#say(`${this.#name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
}

/** Sends what waits: now where there is a reason to, and again after growing pauses. */

/** Where scans go to. */
export interface SenderPorts {
  /** How many wait. */
  readonly count: () => number;
  /**
   * Sends them all, or until it is told to stop. Throws when the server was not reached, or takes
   * nothing at all.
   */
  readonly sendAll: (signal: AbortSignal) => Promise<void>;
  /** For the spread of pauses, 0 to 1. */
  readonly random?: () => number;
}

/** The sender as a screen shows it. */
export interface SenderState {
  readonly isSending: boolean;
  /** Why the last attempt sent nothing; null where it did. */
  readonly failure: unknown;
}

/** The sender. */
export interface ScanSender {
  readonly state: () => SenderState;
  readonly subscribe: (listener: () => void) => () => void;
  /** Sends now, unless it is sending. */
  readonly start: () => void;
  /** Something began to wait: it is sent after the first pause, or when there is a reason before. */
  readonly expect: () => void;
  /** Sends nothing further: what is under way comes to its end, and no other follows. */
  readonly stop: () => void;
}

const PAUSE_FIRST_MS = 5_000;
const PAUSE_MAX_MS = 5 * 60_000;
/** Phones of one hall that lost the server at the same moment shall not come back at the same. */
const SPREAD = 0.5;

/** Makes a sender; it begins with `start`. */
export function createScanSender({
  count,
  sendAll,
  random = Math.random,
}: SenderPorts): ScanSender {
  const listeners = new Set<() => void>();
  let state: SenderState = { isSending: false, failure: null };
  /** From a start to the stop after it. */
  let run = new AbortController();
  run.abort();
  let attempts = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const become = (next: SenderState): void => {
    state = next;
    for (const listener of listeners) listener();
  };
  const plan = (): void => {
    if (run.signal.aborted || state.isSending || timer !== undefined || count() === 0) return;
    const pauseMs = Math.min(PAUSE_FIRST_MS * 2 ** attempts, PAUSE_MAX_MS);
    timer = setTimeout(() => void sendNow(), pauseMs * (1 + SPREAD * (random() - 0.5)));
    attempts += 1;
  };
  const sendNow = async (): Promise<void> => {
    const { signal } = run;
    if (signal.aborted || state.isSending) return;
    clearTimeout(timer);
    timer = undefined;
    if (count() === 0) return;
    become({ ...state, isSending: true });
    let failure: unknown = null;
    try {
      await sendAll(signal);
    } catch (error) {
      failure = error;
    }
    if (count() === 0) attempts = 0;
    become({ isSending: false, failure });
    // It was stopped and started again meanwhile.
    if (signal.aborted) void sendNow();
    else plan();
  };

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start() {
      if (run.signal.aborted) run = new AbortController();
      void sendNow();
    },
    expect: plan,
    stop() {
      run.abort();
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

/** Keeps codes of one session on a screen: starts displays, follows the last one, blanks old codes. */
import type { DisplayOptions } from '../api/presence.ts';

/** A code to show. */
export interface ShownCode {
  readonly token: string;
  readonly step: number;
  readonly valid_ms: number;
  readonly next_ms: number;
  readonly text_code: string | null;
  readonly mode: 'rotating' | 'static';
  readonly purpose: 'entry' | 'recheck' | 'exit';
}

/** How the display stands. */
export interface DisplayState {
  /** Null before the first code, and when none came for two steps: an old one must not stay. */
  readonly code: ShownCode | null;
  readonly counts: { readonly marked: number; readonly roster: number } | null;
  /** The class takes no marks now; it may be reopened, or its time extended. */
  readonly isClosed: boolean;
  /** Why no display could be started. */
  readonly error: unknown;
}

export const NO_DISPLAY: DisplayState = {
  code: null,
  counts: null,
  isClosed: false,
  error: null,
};

/** What a connection tells. */
export interface DisplayHandlers {
  readonly code: (code: ShownCode) => void;
  readonly counts: (counts: NonNullable<DisplayState['counts']>) => void;
  readonly ended: (reason: string) => void;
  /** The connection is refused or was ended, and does not come back by itself. */
  readonly lost: () => void;
}

/** What the feed asks of the world. */
export interface DisplayPorts {
  /** Asks for a display; gives its token. */
  readonly start: (options: DisplayOptions) => Promise<string>;
  /** Opens the connection of a display; gives how to close it. */
  readonly connect: (token: string, handlers: DisplayHandlers) => () => void;
  /** The server said no to these options, and would to the same again. */
  readonly isRefusal: (error: unknown, options: DisplayOptions) => boolean;
  /** The class is closed: no failure, and it may be open again later. */
  readonly isClosed: (error: unknown) => boolean;
  /** It may go by itself: the same question later is worth a try. */
  readonly isPassing: (error: unknown) => boolean;
  readonly show: (change: Partial<DisplayState>) => void;
  readonly onRefused: (error: unknown) => void;
}

/** The display of one session. */
export interface DisplayFeed {
  /** Shows codes with these options; what runs goes on until the server granted them. */
  want(options: DisplayOptions): void;
  /** Starts anew at once, without waiting for the next try. */
  retry(): void;
  stop(): void;
}

/** The server may be a moment late before the screen blanks (presence.md section 2). */
const BLANK_AFTER_STEPS = 2;
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 30_000;
/** Nobody tells the screen of a closed class that it was reopened: it asks, seldom. */
export const CLOSED_RETRY_MS = 30_000;

/** How long to wait after so many failures in a row, from 1. */
export const retryDelayMs = (failures: number): number =>
  Math.min(RETRY_MIN_MS * 2 ** (failures - 1), RETRY_MAX_MS);

interface Running {
  readonly options: DisplayOptions;
  close: () => void;
}

/** Makes the feed of a session; nothing happens before the first `want`. */
export function createDisplayFeed(ports: DisplayPorts): DisplayFeed {
  let wanted: DisplayOptions | null = null;
  /** What the server shows by now; null while that is not known. */
  let granted: DisplayOptions | null = null;
  let running: Running | null = null;
  /** The number of the last start; answers to earlier ones are of no interest. */
  let turn = 0;
  let isAsking = false;
  let failures = 0;
  let isStopped = false;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let blankTimer: ReturnType<typeof setTimeout> | undefined;

  const blank = (): void => {
    clearTimeout(blankTimer);
    ports.show({ code: null });
  };
  const closeRunning = (): void => {
    running?.close();
    running = null;
  };
  const stop = (): void => {
    isStopped = true;
    clearTimeout(retryTimer);
    clearTimeout(blankTimer);
    closeRunning();
  };
  /** Ends what runs and waits for the class to be open again. */
  const waitForReopening = (): void => {
    closeRunning();
    blank();
    ports.show({ error: null, isClosed: true });
    clearTimeout(retryTimer);
    retryTimer = setTimeout(begin, CLOSED_RETRY_MS);
  };
  const beginLater = (): void => {
    failures += 1;
    clearTimeout(retryTimer);
    retryTimer = setTimeout(begin, retryDelayMs(failures));
  };
  const follow = (token: string, options: DisplayOptions): void => {
    closeRunning();
    const own: Running = { options, close: () => undefined };
    running = own;
    const anew = (): void => {
      if (running !== own) return;
      closeRunning();
      if (!isAsking) beginLater();
    };
    own.close = ports.connect(token, {
      code: (code) => {
        if (running !== own) return;
        failures = 0;
        clearTimeout(blankTimer);
        blankTimer = setTimeout(blank, code.next_ms * BLANK_AFTER_STEPS);
        ports.show({ code });
      },
      counts: (counts) => {
        if (running === own) ports.show({ counts });
      },
      ended: (reason) => {
        if (running !== own) return;
        if (reason !== 'closed') return anew();
        if (isAsking) return closeRunning();
        waitForReopening();
      },
      lost: anew,
    });
  };
  const begin = (): void => {
    const options = wanted;
    if (isStopped || options === null) return;
    clearTimeout(retryTimer);
    turn += 1;
    const own = turn;
    isAsking = true;
    granted = null;
    const answered = (): boolean => {
      if (isStopped || own !== turn) return false;
      isAsking = false;
      return true;
    };
    ports.start(options).then(
      (token) => {
        if (!answered()) return;
        granted = options;
        ports.show({ error: null, isClosed: false });
        follow(token, options);
      },
      (error: unknown) => {
        if (!answered()) return;
        if (ports.isRefusal(error, options)) {
          granted = running?.options ?? null;
          return ports.onRefused(error);
        }
        if (ports.isClosed(error)) return waitForReopening();
        // Without a connection nothing will replace the code that is shown.
        if (running === null) blank();
        ports.show({ error, isClosed: false });
        if (ports.isPassing(error)) beginLater();
      },
    );
  };

  return {
    want(options) {
      wanted = options;
      failures = 0;
      const isShown =
        running !== null &&
        granted?.withDigits === options.withDigits &&
        granted.isStatic === options.isStatic;
      if (!isShown) begin();
    },
    retry() {
      failures = 0;
      begin();
    },
    stop,
  };
}

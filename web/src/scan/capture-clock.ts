/** The two clocks of this page, and what they are worth together (marks.md rule R2). */

/** When a scan was captured, by both clocks. */
export interface Captured {
  readonly captured_at: string;
  readonly captured_mono_ms: number;
  /** Whose steady clock it is. */
  readonly boot_id: string;
}

/** Both clocks at one moment. */
export interface Clocks {
  readonly wallMs: number;
  readonly monoMs: number;
  readonly bootId: string;
}

/** The steady clock of a page counts from its own start, so each page is a boot of its own. */
const BOOT_ID = crypto.randomUUID();
/** More than two clocks that both ran may drift apart within a day. */
const DRIFT_MAX_MS = 2_000;

/** The clocks of now. */
export const readClocks = (): Clocks => ({
  wallMs: Date.now(),
  monoMs: Math.round(performance.now()),
  bootId: BOOT_ID,
});

/** The moment of a capture. */
export function capturedAt({ wallMs, monoMs, bootId }: Clocks): Captured {
  return {
    captured_at: new Date(wallMs).toISOString(),
    captured_mono_ms: monoMs,
    boot_id: bootId,
  };
}

/**
 * The steady time of a capture, where it can be trusted at sending. The server takes the difference
 * of steady times alone for the age of a capture, but on most phones that clock stands still while
 * the phone sleeps. Where the wall clock counted another time than it, one of them did not run on:
 * without these members the server takes the wall clock, and trusts it little.
 */
export function steadyTime(
  { captured_at, captured_mono_ms, boot_id }: Captured,
  now: Clocks,
): Partial<Pick<Captured, 'captured_mono_ms' | 'boot_id'>> {
  const wallAgeMs = now.wallMs - Date.parse(captured_at);
  const steadyAgeMs = now.monoMs - captured_mono_ms;
  const isSteady = boot_id === now.bootId && Math.abs(wallAgeMs - steadyAgeMs) <= DRIFT_MAX_MS;
  return isSteady ? { captured_mono_ms, boot_id } : {};
}

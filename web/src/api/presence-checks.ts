/** Calls about the checks of a running class: head counts, re-check, exit scan. */
import type { ApiClient } from './client.ts';
import type { PersonName } from './types.ts';

const SESSIONS = '/api/v1/attendance/sessions/';

/** Heads somebody saw, beside the marks of that moment. */
export interface HeadCount {
  readonly id: string;
  readonly heads: number;
  readonly marked: number;
  readonly tolerance: number;
  readonly outcome: 'ok' | 'headcount_excess' | 'headcount_short';
  readonly counted_by: PersonName;
  readonly counted_at: string;
}

/** How the re-check of a class stands. */
export interface Recheck {
  readonly status: 'none' | 'planned' | 'running' | 'settled' | 'cancelled';
  readonly picked: number;
  readonly passed: number;
  readonly missed: number;
  /** When its time is over, by the clock of this browser; 0 where it is. */
  readonly endsAtMs: number;
}

/** Whether the exit scan of a class may start, or runs. */
export interface ExitScan {
  readonly stay_counts: boolean;
  readonly starts_at: string;
  readonly started_at: string | null;
  /** From when it may start, by the clock of this browser; 0 where it may. */
  readonly startsAtMs: number;
}

type RecheckReply = Omit<Recheck, 'endsAtMs'> & { readonly remaining_ms: number };
type ExitScanReply = Omit<ExitScan, 'startsAtMs'> & { readonly starts_in_ms: number };

export const readHeadCounts = async (api: ApiClient, session: string, signal?: AbortSignal) =>
  (
    await api.request<{ readonly results: readonly HeadCount[] }>({
      path: `${SESSIONS}${session}/head-counts/`,
      signal,
    })
  ).results;

export const countHeads = (api: ApiClient, session: string, heads: number) =>
  api.request<HeadCount>({
    method: 'POST',
    path: `${SESSIONS}${session}/head-counts/`,
    body: { heads },
  });

export const readRecheck = async (api: ApiClient, session: string, signal?: AbortSignal) =>
  ownClock(await api.request<RecheckReply>({ path: `${SESSIONS}${session}/recheck/`, signal }));

export const startRecheck = async (api: ApiClient, session: string) =>
  ownClock(
    await api.request<RecheckReply>({
      method: 'POST',
      path: `${SESSIONS}${session}/recheck/`,
      body: {},
    }),
  );

export async function readExitScan(
  api: ApiClient,
  session: string,
  signal?: AbortSignal,
): Promise<ExitScan> {
  const { starts_in_ms: startsInMs, ...reply } = await api.request<ExitScanReply>({
    path: `${SESSIONS}${session}/exit-scan/`,
    signal,
  });
  return { ...reply, startsAtMs: fromNow(startsInMs) };
}

export const startExitScan = (api: ApiClient, session: string) =>
  api.request<undefined>({
    method: 'POST',
    path: `${SESSIONS}${session}/exit-scan/`,
    body: {},
  });

/** Until when the reader is asked to scan again in a class; null when nobody asks. */
export async function readOwnRecheck(
  api: ApiClient,
  session: string,
  signal?: AbortSignal,
): Promise<{ readonly endsAtMs: number } | null> {
  const reply = await api.request<{
    readonly scan_again_until: string | null;
    readonly remaining_ms: number;
  }>({ path: `${SESSIONS}${session}/my-recheck/`, signal });
  return reply.scan_again_until === null ? null : { endsAtMs: fromNow(reply.remaining_ms) };
}

/** By this browser's clock: one that is wrong is wrong by the same at the end. 0 for the past. */
const fromNow = (ms: number): number => (ms === 0 ? 0 : Date.now() + ms);

const ownClock = ({ remaining_ms: remainingMs, ...reply }: RecheckReply): Recheck => ({
  ...reply,
  endsAtMs: fromNow(remainingMs),
});

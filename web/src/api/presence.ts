/** Calls about displayed codes and scans. */
import type { ApiClient } from './client.ts';
import type { MarkResult } from './types.ts';

const SESSIONS = '/api/v1/attendance/sessions/';

/** A display that was started. */
export interface StartedDisplay {
  readonly display_token: string;
  readonly display_expires_at: string;
}

/** The right to send one scan. */
export interface ScanTicket {
  readonly ticket: string;
  readonly expires_at: string;
  readonly asks_location: boolean;
}

/** A position as the browser states it. */
export interface Position {
  readonly lat: number;
  readonly lng: number;
  readonly accuracy_m: number;
  readonly fix_age_ms: number;
  readonly platform: 'web';
}

/** What a scan says. */
export interface Scan {
  readonly session: string;
  readonly ticket: string;
  readonly qr_token?: string;
  readonly text_code?: string;
  readonly location?: Position;
}

/** What a screen shows. */
export interface DisplayOptions {
  /** Also six digits, for halls where cameras fail. */
  readonly withDigits: boolean;
  /** One code for an hour, where the institution allows it. */
  readonly isStatic: boolean;
}

export const startDisplay = (
  api: ApiClient,
  session: string,
  { withDigits, isStatic }: DisplayOptions,
) =>
  api.request<StartedDisplay>({
    method: 'POST',
    path: `${SESSIONS}${session}/generate-qr/`,
    body: { text_code: withDigits, mode: isStatic ? 'static' : 'rotating' },
  });

export const openScanner = (api: ApiClient, session: string) =>
  api.request<ScanTicket>({
    method: 'POST',
    path: `${SESSIONS}${session}/scan-tickets/`,
    deviceProof: {},
  });

/** Sends a scan; its proof is made for the ticket. */
export const sendScan = (api: ApiClient, body: Scan, idempotencyKey: string) =>
  api.request<MarkResult>({
    method: 'POST',
    path: '/api/v1/attendance/records/qr-scan/',
    body,
    idempotencyKey,
    deviceProof: { nonce: body.ticket },
  });

/** A student's phone as it scans: tickets, proofs over the whole request, and the scan itself. */
import { v7 } from 'uuid';
import { textOf, type ApiReply, type TestApi } from './api.ts';
import { makeDevice, type TestDevice } from './device.ts';

const SCAN = '/api/v1/attendance/records/qr-scan';

/** Changes to a scan, to make it wrong in one place. */
export interface ScanChanges {
  readonly opId?: string;
  /** A ticket from elsewhere; null sends none. */
  readonly ticket?: string | null;
  /** More members of the body, for example `location` or `student`. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** Signs over another nonce than the ticket. */
  readonly nonce?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the phone believes the time is, Unix milliseconds. */
  readonly issuedAtMs?: number;
}

/** A signed-in student with a registered phone. */
export interface Scanner {
  readonly token: string;
  readonly device: TestDevice;
  /** Opens the scanner and gives the reply. */
  openScanner(session: string): Promise<ApiReply>;
  /** A fresh ticket; fails unless one is given. */
  ticket(session: string): Promise<string>;
  /** Scans a code: `{qr_token}` or `{text_code}`. */
  scan(session: string, code: object, changes?: ScanChanges): Promise<ApiReply>;
}

/** Makes the phone of a signed-in student; `device` is registered already where it is given. */
export async function makeScanner(
  api: TestApi,
  token: string,
  given?: TestDevice,
): Promise<Scanner> {
  const device = given ?? (await makeDevice());
  if (!given) await device.register(api, token);
  const openScanner = (session: string): Promise<ApiReply> =>
    device.request(api, 'POST', `/api/v1/attendance/sessions/${session}/scan-tickets`, { token });
  const ticket = async (session: string): Promise<string> => {
    const reply = await openScanner(session);
    if (reply.status !== 201) {
      throw new Error(`ticket: ${reply.status} ${JSON.stringify(reply.body)}`);
    }
    return textOf(reply.body['ticket']);
  };
  return {
    token,
    device,
    openScanner,
    ticket,
    async scan(session, code, changes = {}) {
      const secret = changes.ticket === undefined ? await ticket(session) : changes.ticket;
      const raw = JSON.stringify({
        session,
        ...(secret === null ? {} : { ticket: secret }),
        ...code,
        ...changes.body,
      });
      const url = `${api.baseUrl}${SCAN}`;
      const nonce = changes.nonce ?? secret ?? 'none';
      const iat = Math.floor((changes.issuedAtMs ?? Date.now()) / 1_000);
      const proven = { method: 'POST', url, token, body: raw, nonce };
      const dpop = await device.sign(proven, { claims: { iat } });
      return api.request('POST', SCAN, {
        token,
        raw,
        headers: { 'idempotency-key': changes.opId ?? v7(), dpop, ...changes.headers },
      });
    },
  };
}

/** One HTTP exchange with the API: JSON in, JSON or a problem out. */
import { openDeviceKey } from '../device/device-key.ts';
import { ApiProblem, NoAnswer } from './problem.ts';

/** Longer than any answer should take; a phone on a bad network gives up and sends again. */
const TIMEOUT_MS = 15_000;

/** What a request says. */
export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** From the root, for example `/api/v1/me`. */
  readonly path: string;
  /** Absent and empty values are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | null | undefined>>;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  /** The version the change was made from. */
  readonly ifMatch?: number;
  readonly signal?: AbortSignal | undefined;
  /**
   * Proves this browser's key: with the nonce the server gave last, or with `nonce`, for a scan whose
   * nonce is its ticket.
   */
  readonly deviceProof?: { readonly nonce?: string };
}

/**
 * Sends a request.
 * @throws ApiProblem when the API refuses
 * @throws NoAnswer when no answer came
 */
export async function send(request: ApiRequest, token: string | null): Promise<unknown> {
  const response = await exchange(request, token);
  if (response.status === 204) return undefined;
  const body: unknown = await readJson(response);
  if (!response.ok) throw new ApiProblem(response.status, body, retryAfterMs(response));
  return body;
}

async function exchange(request: ApiRequest, token: string | null): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const proof = await proofOf(request, body, token);
  try {
    const response = await fetch(addressOf(request), {
      method: request.method ?? 'GET',
      headers: { ...headersOf(request, token), ...(proof === null ? {} : { DPoP: proof }) },
      ...(body === undefined ? {} : { body }),
      credentials: 'same-origin',
      cache: 'no-store',
      signal,
    });
    serverNonce = response.headers.get('DPoP-Nonce') ?? serverNonce;
    return response;
  } catch (cause) {
    if (request.signal?.aborted) throw cause;
    throw new NoAnswer(cause);
  }
}

/** The nonce of the last answer that carried one. */
let serverNonce: string | null = null;

async function proofOf(
  { method = 'GET', path, deviceProof }: ApiRequest,
  body: string | undefined,
  token: string | null,
): Promise<string | null> {
  if (!deviceProof || token === null) return null;
  const key = await openDeviceKey();
  return key.prove({ method, path, token, body, nonce: deviceProof.nonce ?? serverNonce });
}

function addressOf({ path, query = {} }: ApiRequest): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}

function headersOf(request: ApiRequest, token: string | null): Record<string, string> {
  return {
    Accept: 'application/json',
    ...(request.body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
    ...(request.ifMatch === undefined ? {} : { 'If-Match': `"${request.ifMatch}"` }),
    ...(request.idempotencyKey === undefined ? {} : { 'Idempotency-Key': request.idempotencyKey }),
  };
}

/** A proxy in between may answer with a page; that is no JSON and no reason to crash. */
async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (cause) {
    if (response.ok) throw new NoAnswer(cause);
    return null;
  }
}

function retryAfterMs(response: Response): number | null {
  const seconds = Number(response.headers.get('Retry-After'));
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : null;
}

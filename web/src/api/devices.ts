/** Calls about registered devices: the reader's own, and those that wait for approval. */
import { askToKeepKey, openDeviceKey } from '../device/device-key.ts';
import type { ApiClient } from './client.ts';
import type { StudentName } from './types.ts';

const DEVICE_KEYS = '/api/v1/me/device-keys/';
const REBINDS = '/api/v1/device-rebinds/';

/** How a key is kept. */
export type DeviceStrength = 'hardware' | 'webauthn' | 'software';
/** How a device stands. */
export type DeviceStatus = 'active' | 'pending' | 'revoked';

/** A device of the reader. */
export interface OwnDevice {
  readonly id: string;
  readonly jkt: string;
  readonly strength: DeviceStrength;
  readonly status: DeviceStatus;
  readonly valid_from: string;
  readonly valid_to: string | null;
  readonly pending_until: string | null;
}

/** The devices of the reader, the latest first, and which of them is this browser. */
export interface OwnDevices {
  /** Thumbprint of this browser's key. */
  readonly jkt: string;
  readonly results: readonly OwnDevice[];
}

/** Where a code was sent. */
export interface SentCode {
  readonly sent_to: string;
  readonly expires_at: string;
}

/** A later device of a student. */
export interface Rebind {
  readonly id: string;
  readonly student: StudentName;
  readonly status: DeviceStatus;
  readonly bound_at: string;
  readonly ended_at: string | null;
  readonly pending_until: string | null;
  readonly previous: {
    readonly bound_at: string;
    readonly ended_at: string | null;
  } | null;
  readonly changes: number;
  readonly limit_reached: boolean;
}

/** Later devices of the reader's students, and how many of them wait. */
export interface Rebinds {
  readonly pending: number;
  readonly results: readonly Rebind[];
}

/** The reader's devices. */
export async function readOwnDevices(api: ApiClient, signal?: AbortSignal): Promise<OwnDevices> {
  const { jkt } = await openDeviceKey();
  const { results } = await api.request<{ readonly results: readonly OwnDevice[] }>({
    path: DEVICE_KEYS,
    signal,
  });
  return { jkt, results };
}

/** What the reader says when registering this browser. */
export interface Registration {
  /** In place of the present device. */
  readonly replace: boolean;
  /** The six digits of the mail. */
  readonly code?: string;
}

/** Makes this browser the device of the signed-in person. */
export async function registerDevice(
  api: ApiClient,
  { replace, code }: Registration,
): Promise<OwnDevice> {
  askToKeepKey();
  const { publicKey } = await openDeviceKey();
  return api.request<OwnDevice>({
    method: 'POST',
    path: DEVICE_KEYS,
    body: { public_key: publicKey, replace, ...(code === undefined ? {} : { code }) },
    deviceProof: {},
  });
}

export const sendDeviceCode = (api: ApiClient) =>
  api.request<SentCode>({ method: 'POST', path: `${DEVICE_KEYS}code/`, body: {} });

export const endDevice = (api: ApiClient, id: string) =>
  api.request<undefined>({ method: 'DELETE', path: `${DEVICE_KEYS}${id}/` });

export const readRebinds = (
  api: ApiClient,
  filters: { status?: 'pending' },
  signal?: AbortSignal,
) => api.request<Rebinds>({ path: REBINDS, query: filters, signal });

export const approveRebind = (api: ApiClient, id: string) =>
  api.request<undefined>({ method: 'POST', path: `${REBINDS}${id}/approve/`, body: {} });

export const clearDeviceChanges = (api: ApiClient, student: string, reason: string) =>
  api.request<{ readonly cleared: number }>({
    method: 'POST',
    path: `/api/v1/students/${student}/clear-device-changes/`,
    body: { reason },
  });

/** A gateway with a terminal for tests, and a program that plays it. */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { v7 } from 'uuid';
import * as entity from '../src/db/entities/index.ts';
import type { Em } from '../src/db/orm.ts';
import type { Id } from '../src/domain/types.ts';
import { unique } from './factories.ts';
import { eventually, openSocket, type Answer, type TestSocket } from './sockets.ts';

/** A registered gateway with its private key and one terminal. */
export interface TestGateway {
  readonly id: Id;
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** Serial of the terminal. */
  readonly deviceId: string;
}

/** Registers a gateway with an active key and a terminal in a room. */
export async function makeGateway(em: Em, room: Id): Promise<TestGateway> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const [id, device, kid, deviceId] = [v7(), v7(), unique('key-'), unique('TERMINAL-')];
  await em.insert(entity.Gateway, { id, name: unique('Gateway ') });
  const { x } = publicKey.export({ format: 'jwk' });
  if (x === undefined) throw new Error('no public key');
  await em.insert(entity.GatewayKey, { kid, gateway: id, publicKey: x });
  await em.insert(entity.BiometricDevice, {
    id: device,
    deviceId,
    deviceName: 'Face terminal',
    deviceType: 'face',
    gateway: id,
  });
  await em.insert(entity.BiometricDeviceRoom, { device, room });
  return { id, kid, privateKey, deviceId };
}

/** Enrols a student with consent since ten days; gives the reference that terminals report. */
export async function enrolFace(em: Em, student: Id): Promise<string> {
  const [consentEvent, ref] = [v7(), unique('enr_')];
  await em.insert(entity.ConsentEvent, {
    id: consentEvent,
    createdAt: new Date(Date.now() - 10 * 86_400_000),
    student,
    purpose: 'biometric_attendance',
    granted: true,
    noticeVersion: 'test-1',
    channel: 'desk',
  });
  await em.insert(entity.BiometricEnrolment, {
    id: v7(),
    ref,
    student,
    modality: 'face',
    consentEvent,
  });
  return ref;
}

/** `v1a,<base64>` over a text. */
export const signatureOf = (privateKey: KeyObject, content: string): string =>
  `v1a,${sign(null, Buffer.from(content), privateKey).toString('base64')}`;

let sequence = 0;

/** A match a moment ago on a measured clock, with liveness; `change` overrides members. */
export function matchOf(gateway: TestGateway, subjectRef: string, change: object = {}) {
  return {
    event_id: v7(),
    device_id: gateway.deviceId,
    boot_id: 'boot-1',
    seq: (sequence += 1),
    kind: 'match',
    captured_at: new Date().toISOString(),
    clock_offset_ms: 0,
    subject_ref: subjectRef,
    modality: 'face',
    score: 0.93,
    threshold: 0.8,
    liveness: { result: 'pass', method: 'infrared' },
    direction: 'unknown',
    ...change,
  };
}

/** Signs a body as a message. */
export function signedMessage(
  { kid, privateKey }: Pick<TestGateway, 'kid' | 'privateKey'>,
  body: string | object,
  { messageId = `msg_${v7()}`, timestamp = Math.floor(Date.now() / 1_000) } = {},
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    message_id: messageId,
    timestamp,
    kid,
    signature: signatureOf(privateKey, `${messageId}.${timestamp}.${text}`),
    body: text,
  };
}

/** A connected gateway. */
export interface ConnectedGateway extends Omit<TestSocket, 'challenge'> {
  readonly challenge: string;
  readonly send: (...events: readonly object[]) => Promise<Answer>;
}

/** Opens the namespace and waits for the challenge. */
export async function openGateway(
  baseUrl: string,
  gateway: TestGateway,
): Promise<ConnectedGateway> {
  const client = await openSocket(baseUrl, '/gateway');
  const challenge = await eventually('the challenge', client.challenge);
  return {
    ...client,
    challenge,
    send: (...events) =>
      client.ask(
        'events',
        signedMessage(gateway, { sent_at: new Date().toISOString(), events: [...events] }),
      ),
  };
}

/** Answers the challenge. */
export function sayHello(client: ConnectedGateway, gateway: TestGateway): Promise<Answer> {
  return client.ask('hello', {
    gateway_id: gateway.id,
    kid: gateway.kid,
    signature: signatureOf(gateway.privateKey, `gw-hello:v1.${gateway.id}.${client.challenge}`),
  });
}

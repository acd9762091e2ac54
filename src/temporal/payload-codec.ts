/**
 * Encrypts every payload with AES-256-GCM before it leaves the process (temporal.md section 12).
 * Payloads of another encoding pass through, so that an operator may type plain JSON.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';

const ENCODING = 'binary/encrypted';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

/** A key and the id under which payloads name it. */
export interface CodecKey {
  readonly id: string;
  readonly key: Buffer;
}

/**
 * Reads `id:base64,id:base64`; the first key encrypts, all of them decrypt.
 * @throws Error when an entry is malformed or a key is not 32 bytes long
 */
export function readCodecKeys(text: string): CodecKey[] {
  return text.split(',').map((entry) => {
    const [id, encoded, ...rest] = entry.trim().split(':');
    const key = Buffer.from(encoded ?? '', 'base64');
    if (!id || rest.length > 0 || key.length !== KEY_BYTES) {
      throw new Error('TEMPORAL_CODEC_KEYS: give id:key pairs, each key 32 bytes in base64');
    }
    return { id, key };
  });
}

/** The codec of these keys. Decoding throws for a key it does not have. */
export function createPayloadCodec(keys: readonly CodecKey[]): PayloadCodec {
  const [active] = keys;
  if (!active) throw new Error('a payload codec needs a key');
  const keysById = new Map(keys.map(({ id, key }) => [id, key]));
  return {
    encode: (payloads) => Promise.resolve(payloads.map((payload) => encrypt(payload, active))),
    decode: (payloads) => Promise.resolve(payloads.map((payload) => decrypt(payload, keysById))),
  };
}

function encrypt(payload: Payload, { id, key }: CodecKey): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(id));
  const plain = PayloadMessage.encode(payload).finish();
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  return {
    metadata: { encoding: Buffer.from(ENCODING), 'key-id': Buffer.from(id) },
    data: Buffer.concat([nonce, sealed, cipher.getAuthTag()]),
  };
}

function decrypt(payload: Payload, keysById: ReadonlyMap<string, Buffer>): Payload {
  if (textOf(payload, 'encoding') !== ENCODING) return payload;
  const id = textOf(payload, 'key-id');
  const key = keysById.get(id);
  if (!key) throw new Error(`no codec key ${id}`);
  const data = Buffer.from(payload.data ?? []);
  const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, NONCE_BYTES))
    .setAAD(Buffer.from(id))
    .setAuthTag(data.subarray(-TAG_BYTES));
  const sealed = data.subarray(NONCE_BYTES, -TAG_BYTES);
  return PayloadMessage.decode(Buffer.concat([decipher.update(sealed), decipher.final()]));
}

function textOf(payload: Payload, name: string): string {
  return Buffer.from(payload.metadata?.[name] ?? []).toString('utf8');
}

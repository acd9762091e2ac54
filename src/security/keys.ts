/** Root secrets and the keys derived from them: token signing, purpose keys, key encryption. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openText, sealText, type SealedPlace } from './field-cipher.ts';

/** The Ed25519 pair that signs access tokens; `keyId` is the token's `kid`. */
export interface SigningKey {
  readonly keyId: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** The key-encryption key: wraps and unwraps data keys, never leaves this object. */
export interface KeyEncryption {
  readonly id: string;
  wrap(dataKeyId: string, dataKey: Buffer): string;
  unwrap(dataKeyId: string, wrapped: string): Buffer;
}

/** Every key of one process. */
export interface Keys {
  readonly accessSigning: SigningKey;
  readonly encryption: KeyEncryption;
  /** 32 bytes for one purpose, HKDF-SHA-256 of the root secret; the same in every process. */
  purposeKey(purpose: string): Buffer;
}

/** Where root secrets come from. */
export interface KeySource {
  readonly isProduction: boolean;
  readonly keyFolder: string;
  readonly secretKey: string | undefined;
  readonly encryptionKey: string | undefined;
}

/**
 * Opens the process's keys. Outside production a missing secret is generated once into the key
 * folder (mode 0600) and reused; production generates none.
 * @throws Error when production lacks SECRET_KEY or ENCRYPTION_KEY
 */
export function openKeys(source: KeySource): Keys {
  const secret = rootSecret('SECRET_KEY', 'secret.key', source.secretKey, source);
  const encryption = rootSecret('ENCRYPTION_KEY', 'encryption.key', source.encryptionKey, source);
  // Purposes are few and named by code; every scan asks for one.
  const derived = new Map<string, Buffer>();
  return {
    accessSigning: signingKey(derive(secret, 'access-token:v1')),
    encryption: keyEncryption(derive(encryption, 'key-encryption:v1')),
    purposeKey(purpose) {
      const known = derived.get(purpose) ?? derive(secret, `purpose:${purpose}:v1`);
      derived.set(purpose, known);
      return known;
    },
  };
}

function rootSecret(
  variable: string,
  fileName: string,
  value: string | undefined,
  source: KeySource,
): Buffer {
  if (value) return Buffer.from(value, 'utf8');
  if (source.isProduction) throw new Error(`${variable}: production needs it in the environment`);
  return generatedOnce(path.join(source.keyFolder, fileName));
}

/**
 * Reads a secret file, made first when absent. The file appears complete or not at all and is never
 * replaced: a link to an existing name fails, so of two processes both read the winner's bytes.
 */
export function generatedOnce(file: string): Buffer {
  const known = readSecret(file);
  if (known) return known;
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, file);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const made = readSecret(file);
  if (!made) throw new Error(`the secret file ${file} vanished while it was made`);
  return made;
}

function readSecret(file: string): Buffer | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const secret = Buffer.from(text.trim(), 'base64url');
  if (secret.length < 32)
    throw new Error(`the secret file ${file} is damaged: restore or remove it`);
  return secret;
}

/** Errors of Node are not `instanceof Error` inside Jest's realm, so their shape is read instead. */
function errorCode(error: unknown): unknown {
  return error !== null && typeof error === 'object' ? Reflect.get(error, 'code') : undefined;
}

function derive(root: Buffer, label: string): Buffer {
  return Buffer.from(hkdfSync('sha256', root, Buffer.alloc(0), `campshub360:${label}`, 32));
}

/** RFC 8410 PKCS #8 prefix of an Ed25519 private key; the 32-byte seed follows. */
const ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

function signingKey(seed: Buffer): SigningKey {
  const privateKey = createPrivateKey({
    key: Buffer.concat([ED25519_PREFIX, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = createPublicKey(privateKey);
  return {
    keyId: fingerprint(publicKey.export({ format: 'der', type: 'spki' })),
    privateKey,
    publicKey,
  };
}

function keyEncryption(key: Buffer): KeyEncryption {
  const id = `file-${fingerprint(Buffer.concat([Buffer.from('kek-id'), key]))}`;
  return {
    id,
    wrap: (dataKeyId, dataKey) =>
      sealText(key, id, wrappedPlace(dataKeyId), dataKey.toString('base64url')),
    unwrap: (dataKeyId, wrapped) =>
      Buffer.from(openText(key, wrappedPlace(dataKeyId), wrapped), 'base64url'),
  };
}

const wrappedPlace = (dataKeyId: string): SealedPlace => ({
  table: 'data_key',
  column: 'wrapped',
  rowId: dataKeyId,
});

function fingerprint(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url').slice(0, 16);
}

/** The codes on a classroom's screen: sealed tokens and short text codes (presence.md section 2). */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  type CipherGCMTypes,
} from 'node:crypto';
import { boundedCache } from './bounded-cache.ts';
import type { Id } from '../domain/types.ts';

/** A master key as tokens name it; `id` is one byte. */
export interface QrMaster {
  readonly id: number;
  /** 32 bytes. */
  readonly key: Buffer;
}

/** What a token is good for beside a first mark. */
export interface QrFlags {
  readonly recheck: boolean;
  readonly isStatic: boolean;
  readonly exit: boolean;
}

/** The opened token. */
export interface QrContent extends QrFlags {
  readonly step: number;
}

/** A token's content, or why it has none: not our shape, or not sealed for this session. */
export type OpenedToken =
  | { readonly kind: 'opened'; readonly content: QrContent }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'invalid' };

/** Makes and opens the codes of one institution. */
export interface QrCodes {
  /** A fresh token of 58 characters. */
  seal(sessionId: Id, content: QrContent, nonce?: Buffer): string;
  open(sessionId: Id, token: string): OpenedToken;
  /** Six digits for a step of 15 s. */
  textCode(sessionId: Id, step: number): string;
}

/** Keys that codes are made with: the first seals, the others still open. */
export interface QrKeys {
  /** The institution's constant id. */
  readonly tenantId: Id;
  readonly masters: () => readonly [QrMaster, ...QrMaster[]];
}

const VERSION = 1;
const NONCE_BYTES = 12;
const PLAIN_BYTES = 13;
const TAG_BYTES = 16;
const TOKEN_BYTES = 2 + NONCE_BYTES + PLAIN_BYTES + TAG_BYTES;
/** Characters of a token: base64url without padding. */
export const TOKEN_CHARACTERS = 58;
const CIPHER: CipherGCMTypes = 'aes-256-gcm';
const FLAG = { recheck: 1, isStatic: 2, exit: 4 } as const;
const SESSIONS_KEPT = { lifeMs: 300_000, entriesMax: 10_000 };
/** A whole class sends the token of one step. */
const OPENED_KEPT = { lifeMs: 60_000, entriesMax: 10_000 };

/**
 * Makes the service. Keys of sessions are derived once and kept for minutes; good tokens are opened
 * once while they are sent.
 */
export function createQrCodes({ tenantId, masters }: QrKeys): QrCodes {
  const derived = boundedCache<Buffer>(SESSIONS_KEPT);
  const opened = boundedCache<QrContent>(OPENED_KEPT);
  const keyOf = (purpose: 'qr:v1' | 'txt:v1', master: QrMaster, sessionId: Id): Buffer => {
    const name = `${purpose}|${master.id}|${sessionId}`;
    const now = performance.now();
    const kept = derived.get(name, now);
    if (kept) return kept;
    const info = Buffer.concat([Buffer.from(purpose), uuidBytes(sessionId)]);
    const key = Buffer.from(hkdfSync('sha256', master.key, uuidBytes(tenantId), info, 32));
    derived.set(name, key, now);
    return key;
  };
  const aadOf = (sessionId: Id): Buffer =>
    Buffer.from(`qr:v1|${tenantId.toLowerCase()}|${sessionId.toLowerCase()}`);
  const openSealed = (master: QrMaster, sessionId: Id, bytes: Buffer): QrContent | null => {
    const plain = unsealed(keyOf('qr:v1', master, sessionId), aadOf(sessionId), bytes);
    return plain && contentOf(sessionId, plain);
  };

  return {
    seal(sessionId, content, nonce = randomBytes(NONCE_BYTES)) {
      const [current] = masters();
      const key = keyOf('qr:v1', current, sessionId);
      const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(aadOf(sessionId));
      const sealed = Buffer.concat([cipher.update(plainOf(sessionId, content)), cipher.final()]);
      const head = Buffer.from([VERSION, current.id]);
      return Buffer.concat([head, nonce, sealed, cipher.getAuthTag()]).toString('base64url');
    },
    open(sessionId, token) {
      const bytes = Buffer.from(token, 'base64url');
      const isOneSpelling = bytes.toString('base64url') === token;
      if (bytes.length !== TOKEN_BYTES || !isOneSpelling || bytes[0] !== VERSION) {
        return { kind: 'malformed' };
      }
      const master = masters().find(({ id }) => id === bytes[1]);
      if (!master) return { kind: 'invalid' };
      const name = `${master.id}|${sessionId}|${token}`;
      const now = performance.now();
      const content = opened.get(name, now) ?? openSealed(master, sessionId, bytes);
      if (!content) return { kind: 'invalid' };
      opened.set(name, content, now);
      return { kind: 'opened', content };
    },
    textCode(sessionId, step) {
      const mac = createHmac('sha256', keyOf('txt:v1', masters()[0], sessionId))
        .update(uint32(step))
        .digest();
      return String(mac.readBigUInt64BE(0) % 1_000_000n).padStart(6, '0');
    },
  };
}

function unsealed(key: Buffer, aad: Buffer, bytes: Buffer): Buffer | null {
  const nonce = bytes.subarray(2, 2 + NONCE_BYTES);
  const sealed = bytes.subarray(2 + NONCE_BYTES, TOKEN_BYTES - TAG_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(bytes.subarray(TOKEN_BYTES - TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed), decipher.final()]);
  } catch {
    // The tag does not fit: another session's token, a damaged one, or a forged one.
    return null;
  }
}

function plainOf(sessionId: Id, { step, recheck, isStatic, exit }: QrContent): Buffer {
  const flags =
    (recheck ? FLAG.recheck : 0) | (isStatic ? FLAG.isStatic : 0) | (exit ? FLAG.exit : 0);
  return Buffer.concat([uuidBytes(sessionId).subarray(8), uint32(step), Buffer.from([flags])]);
}

function contentOf(sessionId: Id, plain: Buffer): QrContent | null {
  const flags = plain[12] ?? 0xff;
  const known = FLAG.recheck | FLAG.isStatic | FLAG.exit;
  if ((flags & ~known) !== 0) return null;
  if (!plain.subarray(0, 8).equals(uuidBytes(sessionId).subarray(8))) return null;
  return {
    step: plain.readUInt32BE(8),
    recheck: (flags & FLAG.recheck) !== 0,
    isStatic: (flags & FLAG.isStatic) !== 0,
    exit: (flags & FLAG.exit) !== 0,
  };
}

function uuidBytes(id: Id): Buffer {
  const bytes = Buffer.from(id.replaceAll('-', ''), 'hex');
  if (bytes.length !== 16) throw new Error('a session or tenant id is not a UUID');
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Seals personal text: AES-256-GCM bound to its table, column and row (trust.md section 7). */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';

/** Where a sealed value lives; it cannot be opened anywhere else. */
export interface SealedPlace {
  readonly table: string;
  readonly column: string;
  readonly rowId: string;
}

/** Seals and opens text under the data key of a subject, for example `student:{id}` or `area:settings`. */
export interface FieldSealer {
  seal(subject: string, place: SealedPlace, text: string): Promise<string>;
  open(place: SealedPlace, sealed: string): Promise<string>;
}

const FORMAT = 'v1';
const TAG_BYTES = 16;

function additionalData(place: SealedPlace): Buffer {
  return Buffer.from(canonicalJson({ c: place.column, r: place.rowId, t: place.table, v: 1 }));
}

/** Seals `text` with a 32-byte key as `v1.<dekId>.<iv>.<ciphertext>.<tag>`, base64url parts. */
export function sealText(key: Buffer, dekId: string, place: SealedPlace, text: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(additionalData(place));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  const parts = [iv, sealed, cipher.getAuthTag()].map((part) => part.toString('base64url'));
  return [FORMAT, Buffer.from(dekId).toString('base64url'), ...parts].join('.');
}

/** The data key id inside a sealed value. Throws on another format. */
export function sealedKeyId(sealed: string): string {
  const [format, dekId, ...rest] = sealed.split('.');
  if (format !== FORMAT || !dekId || rest.length !== 3) throw new Error('not a sealed value');
  return Buffer.from(dekId, 'base64url').toString('utf8');
}

/** Opens a value made by `sealText` for the same place. Throws when anything was altered. */
export function openText(key: Buffer, place: SealedPlace, sealed: string): string {
  const [, , iv = '', body = '', tag = ''] = sealed.split('.');
  const tagBytes = Buffer.from(tag, 'base64url');
  if (tagBytes.length !== TAG_BYTES) throw new Error('not a sealed value');
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(additionalData(place));
  decipher.setAuthTag(tagBytes);
  return Buffer.concat([
    decipher.update(Buffer.from(body, 'base64url')),
    decipher.final(),
  ]).toString('utf8');
}

/** HMAC-SHA-256(key, "commit:v1") in base64url; GCM does not commit to its key, this does. */
export function keyCommitment(key: Buffer): string {
  return createHmac('sha256', key).update('commit:v1').digest('base64url');
}

/** Says whether a key matches its stored commitment, in constant time. */
export function matchesCommitment(key: Buffer, commitment: string): boolean {
  const expected = Buffer.from(commitment, 'base64url');
  const actual = Buffer.from(keyCommitment(key), 'base64url');
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

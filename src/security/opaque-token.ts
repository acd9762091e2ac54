/** Opaque secrets for people: 256 random bits, of which only a hash is stored. */
import { createHash, randomBytes } from 'node:crypto';

/** A new secret of 256 bits, base64url. */
export function newOpaqueToken(): string {
  return randomBytes(32).toString('base64url');
}

/** SHA-256 of a text in hex: how a secret of 256 bits is stored and found. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

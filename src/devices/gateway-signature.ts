/** Ed25519 signatures of gateways over messages and over the challenge (devices.md section 1.1). */
import { createPublicKey, verify, type KeyObject } from 'node:crypto';

/** A gateway's public key from base64url of its 32 bytes. */
export function gatewayPublicKey(publicKey: string): KeyObject {
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: publicKey } });
}

/** What a gateway signs of a message: `message_id.timestamp.body`, the body as its exact bytes. */
export function signedContent(messageId: string, timestamp: number, body: string): string {
  return `${messageId}.${timestamp}.${body}`;
}

/** What a gateway signs to be admitted to a socket. */
export function helloContent(gatewayId: string, challenge: string): string {
  return `gw-hello:v1.${gatewayId}.${challenge}`;
}

const VERSION = 'v1a,';
const SIGNATURE_BYTES = 64;

/**
 * Says whether one of the signatures is that of the key.
 * @param signatures  `v1a,<base64>`, several separated by a space (Standard Webhooks, asymmetric form)
 */
export function isSignedBy(publicKey: KeyObject, content: string, signatures: string): boolean {
  return signatures
    .split(' ')
    .filter((item) => item.startsWith(VERSION))
    .map((item) => Buffer.from(item.slice(VERSION.length), 'base64'))
    .some(
      (signature) =>
        signature.length === SIGNATURE_BYTES &&
        verify(null, Buffer.from(content, 'utf8'), publicKey, signature),
    );
}

import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { gatewayPublicKey, helloContent, isSignedBy, signedContent } from './gateway-signature.ts';

/** The known answer of devices.md section 1.1. */
const KNOWN = {
  publicKey: '03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8',
  messageId: 'msg_0190b7a0aaaa7000',
  timestamp: 1_786_681_927,
  body: '{"sent_at":"2026-08-14T04:32:07Z","events":[]}',
  signature:
    'nW1EMVEfVRMg/zkoDTSh2fA/U2FeXBUXnUF0U7v3goY0P+2cIuBbaAtD1QNt3+6KP7224LXj1HbkbK55cl/zAg==',
};
const key = gatewayPublicKey(Buffer.from(KNOWN.publicKey, 'hex').toString('base64url'));
const content = signedContent(KNOWN.messageId, KNOWN.timestamp, KNOWN.body);

describe('isSignedBy', () => {
  it('accepts the known answer of the protocol', () => {
    expect(isSignedBy(key, content, `v1a,${KNOWN.signature}`)).toBe(true);
  });

  it('makes the known answer from the private key 00..1f', () => {
    const seed = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
    const prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
    const privateKey = createPrivateKey({
      key: Buffer.concat([prefix, seed]),
      format: 'der',
      type: 'pkcs8',
    });
    expect(createPublicKey(privateKey).export({ format: 'jwk' })['x']).toBe(
      key.export({ format: 'jwk' })['x'],
    );
    expect(sign(null, Buffer.from(content), privateKey).toString('base64')).toBe(KNOWN.signature);
  });

  it('accepts one good signature among several, as during a rotation of keys', () => {
    const other = `v1a,${Buffer.alloc(64, 7).toString('base64')}`;
    expect(isSignedBy(key, content, `${other} v1a,${KNOWN.signature}`)).toBe(true);
    expect(isSignedBy(key, content, other)).toBe(false);
  });

  it.each([
    ['another id', signedContent('msg_other', KNOWN.timestamp, KNOWN.body)],
    ['another time', signedContent(KNOWN.messageId, KNOWN.timestamp + 1, KNOWN.body)],
    ['another body', signedContent(KNOWN.messageId, KNOWN.timestamp, `${KNOWN.body} `)],
    ['a hello', helloContent('gateway', 'challenge')],
  ])('refuses the signature for %s', (_name, other) => {
    expect(isSignedBy(key, other, `v1a,${KNOWN.signature}`)).toBe(false);
  });

  it.each(['', 'v1a,', 'v1a,AAAA', KNOWN.signature, `v1,${KNOWN.signature}`])(
    'refuses the text %j',
    (signatures) => {
      expect(isSignedBy(key, content, signatures)).toBe(false);
    },
  );
});

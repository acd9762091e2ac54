/** Device proofs between processes: nonces are nobody's memory, used proofs are each process's own. */
import { describe, expect, it } from '@jest/globals';
import { createHash, hkdfSync, KeyObject, sign } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createDeviceProofs, type ProofVerdict, type ProvenRequest } from './device-proof.ts';

const keysOf = (secret: string) => ({
  purposeKey: (purpose: string): Buffer => Buffer.from(hkdfSync('sha256', secret, '', purpose, 32)),
});

const NOW = new Date('2026-08-14T05:00:00Z');
const later = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1_000);
const hash = (bytes: string | Buffer): string =>
  createHash('sha256').update(bytes).digest('base64url');

const REQUEST: ProvenRequest = {
  method: 'POST',
  urls: [
    'http://inside:3000/api/v1/attendance/sync',
    'https://campus.example/api/v1/attendance/sync',
  ],
  body: Buffer.from('{"ops":[]}'),
  accessToken: 'token',
};

let count = 0;
async function proofOf(
  claims: Readonly<Record<string, unknown>>,
  alg: 'ES256' | 'EdDSA' = 'ES256',
  header: Readonly<Record<string, unknown>> = {},
) {
  const { publicKey, privateKey } = await generateKeyPair(alg);
  const jwk = await exportJWK(publicKey);
  const proof = await new SignJWT({
    htm: 'POST',
    htu: 'https://campus.example/api/v1/attendance/sync',
    jti: `proof ${(count += 1)}`,
    iat: 0,
    ath: hash(REQUEST.accessToken),
    bh: hash(REQUEST.body),
    ...claims,
  })
    .setProtectedHeader({ typ: 'dpop+jwt', alg, jwk, ...header })
    .sign(privateKey);
  return { proof, privateKey, jkt: await calculateJwkThumbprint(jwk) };
}

const kindOf = (verdict: ProofVerdict): string => verdict.kind;

describe('device proofs', () => {
  it('give the thumbprint of the key, also with a nonce of another process', async () => {
    const [issuer, verifier] = [createDeviceProofs(keysOf('a')), createDeviceProofs(keysOf('a'))];
    const { proof, jkt } = await proofOf({ nonce: issuer.issueNonce(NOW) });

    expect(await verifier.verify(proof, REQUEST, NOW)).toMatchObject({ kind: 'proven', jkt });
  });

  it('ask for another nonce when it was made with another secret', async () => {
    const { proof } = await proofOf({ nonce: createDeviceProofs(keysOf('b')).issueNonce(NOW) });

    const verdict = await createDeviceProofs(keysOf('a')).verify(proof, REQUEST, NOW);

    expect(verdict).toEqual({ kind: 'use_nonce' });
  });

  it.each([
    [-11, 'use_nonce'],
    [-10, 'proven'],
    [0, 'proven'],
    [299, 'proven'],
    [300, 'use_nonce'],
  ])('accept a nonce %i s after its issue: %s', async (age, kind) => {
    const proofs = createDeviceProofs(keysOf('a'));
    const { proof } = await proofOf({ nonce: proofs.issueNonce(NOW) });

    expect(kindOf(await proofs.verify(proof, REQUEST, later(age)))).toBe(kind);
  });

  it('refuse a nonce whose second was changed', async () => {
    const proofs = createDeviceProofs(keysOf('a'));
    const [, mac = ''] = proofs.issueNonce(NOW).split('.');
    const moved = `${later(600).getTime() / 1_000}.${mac}`;
    const { proof } = await proofOf({ nonce: moved });

    expect(kindOf(await proofs.verify(proof, REQUEST, later(600)))).toBe('use_nonce');
  });

  it('of two keys may carry the same jti; of one key it counts once', async () => {
    const proofs = createDeviceProofs(keysOf('a'));
    const nonce = proofs.issueNonce(NOW);
    const [one, two] = [await proofOf({ nonce, jti: 'x' }), await proofOf({ nonce, jti: 'x' })];

    const kinds = [];
    for (const { proof } of [one, two, one]) {
      kinds.push(kindOf(await proofs.verify(proof, REQUEST, NOW)));
    }

    expect(kinds).toEqual(['proven', 'proven', 'invalid']);
  });

  it('that were asked for a nonce are not used up', async () => {
    const proofs = createDeviceProofs(keysOf('a'));
    const { proof } = await proofOf({ nonce: proofs.issueNonce(NOW) });

    expect(kindOf(await proofs.verify(proof, REQUEST, later(400)))).toBe('use_nonce');
    expect(kindOf(await proofs.verify(proof, REQUEST, NOW))).toBe('proven');
  });

  it('with every byte of the JWT changed in turn are never accepted', async () => {
    const proofs = createDeviceProofs(keysOf('a'));
    const { proof } = await proofOf({ nonce: proofs.issueNonce(NOW) });
    const accepted: number[] = [];
    // The last character of a part has spare bits, so another spelling may be the same bytes.
    const ends = new Set([proof.indexOf('.') - 1, proof.lastIndexOf('.') - 1, proof.length - 1]);
    for (let place = 0; place < proof.length; place += 1) {
      if (ends.has(place)) continue;
      const other = proof[place] === 'A' ? 'B' : 'A';
      const changed = `${proof.slice(0, place)}${other}${proof.slice(place + 1)}`;
      const verdict = await proofs.verify(changed, REQUEST, NOW);
      if (verdict.kind !== 'invalid') accepted.push(place);
    }

    expect(accepted).toEqual([]);
    expect(kindOf(await proofs.verify(proof, REQUEST, NOW))).toBe('proven');
  });

  it('of Ed25519 keys are proven too, and of no other key', async () => {
    const proofs = createDeviceProofs(keysOf('a'));
    const nonce = proofs.issueNonce(NOW);
    const own = await proofOf({ nonce }, 'EdDSA');
    const other = await proofOf({ nonce }, 'EdDSA');
    expect(await proofs.verify(own.proof, REQUEST, NOW)).toMatchObject({
      kind: 'proven',
      jkt: own.jkt,
    });
    const [head, payload] = other.proof.split('.');
    const forged = [head, payload, own.proof.split('.')[2]].join('.');
    expect(kindOf(await proofs.verify(forged, REQUEST, NOW))).toBe('invalid');
  });

  it('with another spelling of a part or another number of parts are refused', async () => {
    const proofs = createDeviceProofs(keysOf('a'));
    const { proof, privateKey } = await proofOf({ nonce: proofs.issueNonce(NOW) });
    const [head = '', payload = '', signature = ''] = proof.split('.');
    const signed = (first: string, second: string): string => {
      const bytes = sign('sha256', Buffer.from(`${first}.${second}`), {
        key: KeyObject.from(privateKey),
        dsaEncoding: 'ieee-p1363',
      });
      return `${first}.${second}.${bytes.toString('base64url')}`;
    };
    for (const changed of [
      signed(`${head}!`, payload),
      signed(head, `${payload}=`),
      signed(`${head}*`, `+${payload}`),
      `${head}.${payload}.${signature}==`,
      `${head}.${payload}`,
      `${proof}.`,
      '',
    ]) {
      expect(kindOf(await proofs.verify(changed, REQUEST, NOW))).toBe('invalid');
    }
    expect(kindOf(await proofs.verify(signed(head, payload), REQUEST, NOW))).toBe('proven');
  });

  it('with a signature of another length or form are refused', async () => {
    const proofs = createDeviceProofs(keysOf('a'));
    const { proof, privateKey } = await proofOf({ nonce: proofs.issueNonce(NOW) });
    const [head, payload, signature = ''] = proof.split('.');
    const bytes = Buffer.from(signature, 'base64url');
    const der = sign('sha256', Buffer.from(`${head}.${payload}`), KeyObject.from(privateKey));
    const forms = [
      bytes.subarray(0, 63),
      Buffer.concat([bytes, Buffer.alloc(1)]),
      Buffer.alloc(64),
      Buffer.alloc(0),
      der,
    ];
    for (const form of forms) {
      const changed = `${head}.${payload}.${form.toString('base64url')}`;
      expect(kindOf(await proofs.verify(changed, REQUEST, NOW))).toBe('invalid');
    }
    expect(kindOf(await proofs.verify(proof, REQUEST, NOW))).toBe('proven');
  });

  it('that ask for extensions of the format are refused', async () => {
    const proofs = createDeviceProofs(keysOf('a'));
    const nonce = proofs.issueNonce(NOW);
    const { proof } = await proofOf({ nonce }, 'ES256', { crit: ['b64'], b64: true });
    expect(await proofs.verify(proof, REQUEST, NOW)).toMatchObject({
      kind: 'invalid',
      reason: expect.stringContaining('crit'),
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { createAccessTokens } from './access-tokens.ts';
import { openKeys } from './keys.ts';

const { accessSigning } = openKeys({
  isProduction: true,
  keyFolder: '',
  secretKey: 's'.repeat(32),
  encryptionKey: 'e'.repeat(32),
});
const tokens = createAccessTokens(accessSigning);
const NOW = new Date('2026-11-24T03:30:00Z');
const CLAIMS = { userId: 'u', sid: 's', tokenVersion: 3, amr: ['pwd'], authTime: 5 };

describe('createAccessTokens', () => {
  it('signs at+jwt with the claims of trust.md and no roles or names', async () => {
    const token = await tokens.sign(CLAIMS, 'jti-1', NOW);

    expect(decodeProtectedHeader(token)).toEqual({
      alg: 'EdDSA',
      typ: 'at+jwt',
      kid: accessSigning.keyId,
    });
    expect(Object.keys(decodeJwt(token)).sort((a, b) => a.localeCompare(b))).toEqual([
      'amr',
      'aud',
      'auth_time',
      'exp',
      'iat',
      'iss',
      'jti',
      'sid',
      'sub',
      'ver',
    ]);
  });

  it('verifies its own tokens for ten minutes', async () => {
    const token = await tokens.sign(CLAIMS, 'jti-1', NOW);
    const later = (seconds: number) =>
      tokens.verify(token, new Date(NOW.getTime() + seconds * 1000));

    expect(await later(599)).toMatchObject(CLAIMS);
    expect(await later(600)).toBeUndefined();
  });

  it.each([
    { jku: 'https://evil.example/keys' },
    { x5u: 'https://evil.example' },
    { kid: 'other' },
  ])('refuses a token that names its own key: %j', async (header) => {
    const token = await new SignJWT({ sid: 's', ver: 1, auth_time: 1 })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: accessSigning.keyId, ...header })
      .setIssuer('urn:campshub360:attendance')
      .setAudience('urn:campshub360:attendance:api')
      .setSubject('u')
      .setIssuedAt(NOW)
      .setExpirationTime(new Date(NOW.getTime() + 60_000))
      .setJti('a')
      .sign(accessSigning.privateKey);

    expect(await tokens.verify(token, NOW)).toBeUndefined();
  });
});

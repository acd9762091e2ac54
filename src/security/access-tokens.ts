/** Access tokens: short-lived EdDSA JWTs of our own key (trust.md section 2). */
import { errors, jwtVerify, SignJWT } from 'jose';
import type { SigningKey } from './keys.ts';

/** What an access token says; instants are seconds since 1970. */
export interface AccessClaims {
  readonly userId: string;
  readonly sid: string;
  readonly tokenVersion: number;
  readonly amr: readonly string[];
  readonly authTime: number;
  readonly expiresAt: number;
}

/** Signs and verifies access tokens. */
export interface AccessTokens {
  sign(claims: Omit<AccessClaims, 'expiresAt'>, jwtId: string, now: Date): Promise<string>;
  /** The claims, or undefined when the token is not ours, not meant for us, altered or expired. */
  verify(token: string, now: Date): Promise<AccessClaims | undefined>;
}

/** Life of an access token. */
export const ACCESS_TOKEN_SECONDS = 600;
const ISSUER = 'urn:campshub360:attendance';
const AUDIENCE = 'urn:campshub360:attendance:api';
const TYPE = 'at+jwt';
/** Headers that would let a token name its own key. */
const KEY_NAMING_HEADERS = ['jku', 'x5u', 'jwk', 'x5c'];

/** Makes the service over one signing key. */
export function createAccessTokens(key: SigningKey): AccessTokens {
  return {
    sign: ({ userId, sid, tokenVersion, amr, authTime }, jwtId, now) => {
      const issuedAt = Math.floor(now.getTime() / 1000);
      return new SignJWT({ sid, ver: tokenVersion, amr: [...amr], auth_time: authTime })
        .setProtectedHeader({ alg: 'EdDSA', typ: TYPE, kid: key.keyId })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(userId)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + ACCESS_TOKEN_SECONDS)
        .setJti(jwtId)
        .sign(key.privateKey);
    },
    verify: async (token, now) => {
      try {
        const { payload, protectedHeader } = await jwtVerify(token, key.publicKey, {
          algorithms: ['EdDSA'],
          issuer: ISSUER,
          audience: AUDIENCE,
          typ: TYPE,
          currentDate: now,
          requiredClaims: ['sub', 'sid', 'ver', 'auth_time', 'iat', 'exp', 'jti'],
        });
        if (protectedHeader.kid !== key.keyId) return undefined;
        if (KEY_NAMING_HEADERS.some((header) => header in protectedHeader)) return undefined;
        return claimsOf(payload);
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}

function claimsOf(payload: Record<string, unknown>): AccessClaims | undefined {
  const { sub, sid, ver, amr, auth_time: authTime, exp } = payload;
  if (typeof sub !== 'string' || typeof sid !== 'string') return undefined;
  if (typeof ver !== 'number' || typeof authTime !== 'number' || typeof exp !== 'number') {
    return undefined;
  }
  const methods = Array.isArray(amr) ? amr.filter((item) => typeof item === 'string') : [];
  return { userId: sub, sid, tokenVersion: ver, amr: methods, authTime, expiresAt: exp };
}

/** Display tokens: the right of one screen to show the codes of one session (presence.md section 2). */
import { errors, jwtVerify, SignJWT } from 'jose';
import type { Id } from '../domain/types.ts';
import type { SigningKey } from './keys.ts';

/** What a display token says. */
export interface DisplayClaims {
  readonly sessionId: Id;
  /** Unix milliseconds. */
  readonly expiresMs: number;
}

/** Signs and verifies display tokens. */
export interface DisplayTokens {
  sign(claims: DisplayClaims, tokenId: string): Promise<string>;
  /** The claims, or undefined when the token is not ours, not for displays, altered or expired. */
  verify(token: string, now: Date): Promise<DisplayClaims | undefined>;
}

const ISSUER = 'urn:campshub360:attendance';
const AUDIENCE = 'urn:campshub360:attendance:display';
const TYPE = 'display+jwt';

/** Makes the service over the key that signs access tokens; type and audience keep the two apart. */
export function createDisplayTokens(key: SigningKey): DisplayTokens {
  return {
    sign: ({ sessionId, expiresMs }, tokenId) =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'EdDSA', typ: TYPE, kid: key.keyId })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(sessionId)
        .setExpirationTime(Math.floor(expiresMs / 1_000))
        .setJti(tokenId)
        .sign(key.privateKey),
    verify: async (token, now) => {
      try {
        const { payload } = await jwtVerify(token, key.publicKey, {
          algorithms: ['EdDSA'],
          issuer: ISSUER,
          audience: AUDIENCE,
          typ: TYPE,
          currentDate: now,
          requiredClaims: ['sub', 'exp', 'jti'],
        });
        const { sub, exp } = payload;
        return sub === undefined || exp === undefined
          ? undefined
          : { sessionId: sub, expiresMs: exp * 1_000 };
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}

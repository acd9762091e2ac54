/** Proofs of possession of a device key: DPoP (RFC 9449) with server nonces (trust.md section 2). */
import {
  createHash,
  createHmac,
  createPublicKey,
  timingSafeEqual,
  verify as isSignedBy,
  type KeyObject,
} from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { boundedCache } from './bounded-cache.ts';
import type { Keys } from './keys.ts';

/** A public key of a device, with the members its thumbprint counts and no others. */
export type DevicePublicKey =
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };

/** What a proof must be about. */
export interface ProvenRequest {
  readonly method: string;
  /** Whole addresses the request may have been sent to; query and fragment do not count. */
  readonly urls: readonly string[];
  /** Bytes of the body; empty when there was none. */
  readonly body: Buffer;
  readonly accessToken: string;
}

/** The outcome of a verification. */
export type ProofVerdict =
  | { readonly kind: 'proven'; readonly jkt: string; readonly publicKey: DevicePublicKey }
  /** The proof is good but its nonce is missing, old or not ours. */
  | { readonly kind: 'use_nonce' }
  /** `reason` names the failing part in words for the developer of an app. */
  | { readonly kind: 'invalid'; readonly reason: string };

/** Issues nonces and verifies proofs. */
export interface DeviceProofs {
  /** A nonce for the header `DPoP-Nonce`; any process with the same secret accepts it. */
  issueNonce(now: Date): string;
  /**
   * Verifies a proof, and remembers it so that it counts once.
   * @param nonce  the one it must carry; without it, one of `issueNonce`
   */
  verify(proof: string, request: ProvenRequest, now: Date, nonce?: string): Promise<ProofVerdict>;
}

/** Life of a nonce. */
const NONCE_SECONDS = 300;
/** Clocks of two processes may differ by this much. */
const SKEW_SECONDS = 10;
/**
 * A used proof is remembered by this process for as long as its nonce can live, at six hundred new
 * ones a second; beyond that the oldest leave first. What a proof is for is used up by itself: a
 * ticket serves one scan, an operation's id one claim.
 */
const USED = { lifeMs: (NONCE_SECONDS + SKEW_SECONDS) * 1_000, entriesMax: 200_000 };
/** A phone proves itself for a ticket and for its scan moments later; its key is imported once. */
const IMPORTED = { lifeMs: 600_000, entriesMax: 50_000 };
/** Longest proof that is read. */
export const PROOF_CHARACTERS_MAX = 4_096;
const TYPE = 'dpop+jwt';

/** Makes the service; `keys` gives the key that nonces are made with. */
export function createDeviceProofs(keys: Pick<Keys, 'purposeKey'>): DeviceProofs {
  const nonceKey = keys.purposeKey('dpop-nonce');
  const used = boundedCache<true>(USED);
  const open = proofOpener();

  /** Answers whether this proof is new, and remembers it. */
  const takeOnce = (jkt: string, jti: string): boolean => {
    const name = hashOf(`${jkt}.${jti}`);
    const now = performance.now();
    if (used.get(name, now)) return false;
    used.set(name, true, now);
    return true;
  };

  // Every answer carries a nonce; those of one second are the same.
  let issued = { second: Number.NaN, nonce: '' };
  return {
    issueNonce(now) {
      const second = secondsOf(now);
      if (second !== issued.second) issued = { second, nonce: nonceAt(nonceKey, second) };
      return issued.nonce;
    },
    async verify(proof, request, now, nonce) {
      const opened = await open(proof);
      if (typeof opened === 'string') return { kind: 'invalid', reason: opened };
      const { claims, publicKey, jkt } = opened;
      const difference = differenceOf(claims, request);
      if (difference) return { kind: 'invalid', reason: difference };
      if (nonce !== undefined && claims.nonce !== nonce) {
        return { kind: 'invalid', reason: 'nonce is not the one given for this request' };
      }
      if (nonce === undefined && !isLiveNonce(nonceKey, claims.nonce, secondsOf(now))) {
        return { kind: 'use_nonce' };
      }
      if (!takeOnce(jkt, claims.jti)) {
        return { kind: 'invalid', reason: 'this proof was used already: make one per request' };
      }
      return { kind: 'proven', jkt, publicKey };
    },
  };
}

/** Members of a JWK that only a private or shared key has (RFC 7518 section 6, RFC 8037). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** The claims of a proof; `iat` must be there too, but the nonce dates a proof and no clock does. */
interface ProofClaims {
  readonly htm: string;
  readonly htu: string;
  readonly jti: string;
  readonly ath: string;
  readonly nonce: string | undefined;
  readonly bh: string | undefined;
}

/** A proof that its own key signed. */
interface OpenedProof {
  readonly claims: ProofClaims;
  readonly publicKey: DevicePublicKey;
  readonly jkt: string;
}

/** Makes the function that opens a proof, or says in words what is wrong with it. */
function proofOpener(): (proof: string) => Promise<OpenedProof | string> {
  const imported = boundedCache<ImportedKey>(IMPORTED);
  const importOnce = async (publicKey: DevicePublicKey): Promise<ImportedKey | undefined> => {
    const name = JSON.stringify(publicKey);
    const now = performance.now();
    const known = imported.get(name, now);
    if (known) return known;
    const key = importPublicKey(publicKey);
    if (!key) return undefined;
    const fresh = { key, jkt: await calculateJwkThumbprint(publicKey, 'sha256') };
    imported.set(name, fresh, now);
    return fresh;
  };
  return async (proof) => {
    if (proof.length > PROOF_CHARACTERS_MAX) return 'the proof is too long';
    const parts = proof.split('.');
    if (parts.length !== 3 || !parts.every(isOneSpelling)) {
      return 'the proof is not three parts of base64url, joined by points';
    }
    const header = membersOf(Buffer.from(parts[0] ?? '', 'base64url'));
    const jwk = Object(header['jwk']) as Members;
    if (PRIVATE_MEMBERS.some((member) => member in jwk)) {
      return 'the header holds a private key: replace that key now';
    }
    const publicKey = readPublicKey(jwk);
    if (header['typ'] !== TYPE) return `the header typ must be "${TYPE}"`;
    if (!publicKey) return 'the header needs a jwk: a public key of P-256 or Ed25519';
    const alg = algorithmOf(publicKey);
    if (header['alg'] !== alg) return `the header alg must be ${alg} for this key`;
    if ('crit' in header) return 'the header asks for extensions (crit), and none is known here';
    const known = await importOnce(publicKey);
    const payload = known && signedPayload(parts, known.key);
    if (!payload) return 'the signature is not that of the jwk in the header';
    const claims = readClaims(membersOf(payload));
    if (!claims) return 'the claims htm, htu, jti, iat and ath are required';
    return { claims, publicKey, jkt: known.jkt };
  };
}

/** A key in the form that verifies, and its thumbprint. */
interface ImportedKey {
  readonly key: KeyObject;
  readonly jkt: string;
}

const algorithmOf = ({ kty }: DevicePublicKey): 'ES256' | 'EdDSA' =>
  kty === 'EC' ? 'ES256' : 'EdDSA';

type Members = Readonly<Record<string, unknown>>;

/** The members of a JSON object; none where the bytes are no object. */
function membersOf(bytes: Uint8Array): Members {
  try {
    return Object(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))) as Members;
  } catch {
    // What is no JSON has no members, and the caller names what is missing.
    return {};
  }
}

const COORDINATE_BYTES = 32;

/** Of base64url, which leaves spare bits; with them one key would have many thumbprints. */
function isOneSpelling(text: string): boolean {
  return Buffer.from(text, 'base64url').toString('base64url') === text;
}

function isCoordinate(value: unknown): value is string {
  if (typeof value !== 'string' || !isOneSpelling(value)) return false;
  return Buffer.from(value, 'base64url').length === COORDINATE_BYTES;
}

/** The public key of a JWK with the members its thumbprint counts, or undefined. */
function readPublicKey({ kty, crv, x, y }: Members): DevicePublicKey | undefined {
  if (!isCoordinate(x)) return undefined;
  if (kty === 'EC' && crv === 'P-256' && isCoordinate(y)) return { kty, crv, x, y };
  return kty === 'OKP' && crv === 'Ed25519' ? { kty, crv, x } : undefined;
}

function readClaims(payload: Members): ProofClaims | undefined {
  const { htm, htu, jti, iat, ath, nonce, bh } = payload;
  if (typeof htm !== 'string' || typeof htu !== 'string' || typeof ath !== 'string') {
    return undefined;
  }
  if (typeof jti !== 'string' || jti === '' || typeof iat !== 'number') return undefined;
  if (!isTextOrAbsent(nonce) || !isTextOrAbsent(bh)) return undefined;
  return { htm, htu, jti, ath, nonce, bh };
}

const isTextOrAbsent = (value: unknown): value is string | undefined =>
  value === undefined || typeof value === 'string';

/**
 * The payload of a proof that the key signed (RFC 7515 section 5.2). In this thread: handing a check
 * of a tenth of a millisecond to another one costs as much again.
 */
function signedPayload(
  [header = '', payload = '', signature = '']: readonly string[],
  key: KeyObject,
): Buffer | undefined {
  const signed = Buffer.from(`${header}.${payload}`);
  const bytes = Buffer.from(signature, 'base64url');
  const isGood =
    key.asymmetricKeyType === 'ec'
      ? isSignedBy('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, bytes)
      : isSignedBy(null, signed, key, bytes);
  return isGood ? Buffer.from(payload, 'base64url') : undefined;
}

/** The key, or undefined for coordinates that are no point of the curve. */
function importPublicKey(jwk: DevicePublicKey): KeyObject | undefined {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' });
  } catch {
    // Only the coordinates vary here, so every failure means that they are no key.
    return undefined;
  }
}

/** What the proof says otherwise than the request, in words; undefined when they agree. */
function differenceOf(claims: ProofClaims, request: ProvenRequest): string | undefined {
  if (claims.htm !== request.method) return 'htm is not the method of this request';
  const target = targetOf(claims.htu);
  if (target === undefined || !request.urls.some((url) => targetOf(url) === target)) {
    return 'htu is not the address of this request';
  }
  if (!isSame(claims.ath, hashOf(request.accessToken))) {
    return 'ath is not the hash of the access token';
  }
  if (request.body.length === 0 && claims.bh === undefined) return undefined;
  if (claims.bh === undefined) return 'bh, the hash of the body, is missing';
  return isSame(claims.bh, hashOf(request.body)) ? undefined : 'bh is not the hash of the body';
}

/** An address as proofs compare it: normalised, without query, fragment and trailing slash. */
function targetOf(text: string): string | undefined {
  const url = URL.parse(text);
  return url ? `${url.origin}${url.pathname.replace(/\/+$/, '')}` : undefined;
}

const hashOf = (bytes: string | Buffer): string =>
  createHash('sha256').update(bytes).digest('base64url');

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const secondsOf = (now: Date): number => Math.floor(now.getTime() / 1_000);

/** Second of issue and its HMAC: nothing is stored, and nobody else can make one. */
function nonceAt(key: Buffer, second: number): string {
  const mac = createHmac('sha256', key).update(String(second)).digest('base64url');
  return `${second}.${mac}`;
}

function isLiveNonce(key: Buffer, nonce: string | undefined, nowSecond: number): boolean {
  const second = Number(/^(\d{1,12})\./.exec(nonce ?? '')?.[1] ?? Number.NaN);
  const age = nowSecond - second;
  const isCurrent = age >= -SKEW_SECONDS && age < NONCE_SECONDS;
  return isCurrent && isSame(nonce ?? '', nonceAt(key, second));
}

/** A phone for tests: a key pair that signs device proofs against a running API. */
import { createHash, type webcrypto } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';
import { v7 } from 'uuid';
import { textOf, type ApiReply, type ApiRequest, type TestApi } from './api.ts';

/** Changes to a proof, to make it wrong in one place; `undefined` leaves a member out. */
export interface ProofChanges {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** What a proof is about. */
interface Proven {
  readonly method: string;
  readonly url: string;
  readonly token: string;
  readonly body?: string | undefined;
  readonly nonce?: string | undefined;
}

/** A key pair and what is done with it. */
export interface TestDevice {
  /** The public JWK, as registered. */
  readonly publicKey: JWK;
  readonly privateKey: webcrypto.CryptoKey;
  /** RFC 7638 thumbprint. */
  readonly jkt: string;
  /** Signs a proof. */
  sign(proven: Proven, changes?: ProofChanges): Promise<string>;
  /**
   * Sends a request with a proof, once more with the nonce of the first answer where that asks for
   * it, as an app does. The request needs a `token`.
   */
  request(
    api: TestApi,
    method: string,
    path: string,
    request: ApiRequest,
    changes?: ProofChanges,
  ): Promise<ApiReply>;
  /** Binds the key to the owner of the token and gives its id; fails unless it is bound. */
  register(api: TestApi, token: string): Promise<string>;
}

/** Makes a device with a fresh key; it is registered for nobody yet. */
export async function makeDevice(alg: 'ES256' | 'EdDSA' = 'ES256'): Promise<TestDevice> {
  const { publicKey: key, privateKey } = await generateKeyPair(alg, { extractable: true });
  const publicKey = await exportJWK(key);
  const sign: TestDevice['sign'] = (proven, changes = {}) => {
    const header = { typ: 'dpop+jwt', alg, jwk: publicKey, ...changes.header };
    const claims = { ...claimsOf(proven), ...changes.claims };
    return new SignJWT(JSON.parse(JSON.stringify(claims)) as Record<string, unknown>)
      .setProtectedHeader(JSON.parse(JSON.stringify(header)) as typeof header)
      .sign(privateKey);
  };
  let nonce: string | undefined;
  const request: TestDevice['request'] = async (api, method, path, given, changes) => {
    const raw = given.raw ?? (given.body === undefined ? undefined : JSON.stringify(given.body));
    const send = async (): Promise<ApiReply> => {
      const url = `${api.baseUrl}${path}`;
      const proven = { method, url, token: given.token ?? '', body: raw, nonce };
      const reply = await api.request(method, path, {
        ...given,
        ...(raw === undefined ? {} : { raw }),
        headers: { ...given.headers, dpop: await sign(proven, changes) },
      });
      nonce = reply.headers.get('dpop-nonce') ?? nonce;
      return reply;
    };
    const first = await send();
    const asksForNonce =
      first.status === 401 && JSON.stringify(first.body['code']) === '"use_dpop_nonce"';
    return asksForNonce ? send() : first;
  };
  return {
    publicKey,
    privateKey,
    jkt: await calculateJwkThumbprint(publicKey),
    sign,
    request,
    async register(api, token) {
      const body = { public_key: publicKey };
      const reply = await request(api, 'POST', '/api/v1/me/device-keys', { token, body });
      if (reply.status !== 200 && reply.status !== 201) {
        throw new Error(`device key: ${reply.status} ${JSON.stringify(reply.body)}`);
      }
      return textOf(reply.body['id']);
    },
  };
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

function claimsOf({ method, url, token, body, nonce }: Proven): Record<string, unknown> {
  return {
    htm: method,
    htu: url.replace(/[?#].*$/, ''),
    jti: v7(),
    // A phone whose clock is years off: no clock is compared with it.
    iat: 1_000_000_000,
    ath: hashOf(token),
    ...(body === undefined ? {} : { bh: hashOf(body) }),
    ...(nonce === undefined ? {} : { nonce }),
  };
}

/** Checks the device proof of a request, the header `DPoP` (RFC 9449, trust.md section 2). */
import type { Request, Response } from 'express';
import { bearerOf } from '../../auth/strategies.ts';
import { appError } from '../../domain/errors.ts';
import { createDeviceProofs, type ProvenRequest } from '../../security/device-proof.ts';
import type { AppParts } from '../api-deps.ts';
import type { ProvenKey } from '../route.ts';
import { rawBodyOf } from './request-context.ts';

/**
 * Verifies the proof of a request whose body was read, and sets `DPoP-Nonce` for the next one.
 * @throws AppError `device_proof_required`, `device_proof_invalid`, `use_dpop_nonce`
 */
export type ProveDevice = (request: Request, response: Response) => Promise<ProvenKey>;

/** Verifies a proof that must carry the given nonce; null where there is none or it does not hold. */
export type ProveWith = (request: Request, nonce: string) => Promise<ProvenKey | null>;

/** The two ways of checking a proof. */
export interface DeviceProver {
  readonly proveDevice: ProveDevice;
  readonly proveWith: ProveWith;
  /** A nonce for the next proof, so that apps seldom have to be asked to sign again. */
  readonly issueNonce: () => string;
}

/** Makes the check of one process. */
export function deviceProver({
  keys,
  clock,
  environment,
}: Pick<AppParts, 'keys' | 'clock' | 'environment'>): DeviceProver {
  const proofs = createDeviceProofs(keys);
  const provenOf = (request: Request): ProvenRequest => ({
    method: request.method,
    urls: addressesOf(request, environment.publicOrigins),
    body: rawBodyOf(request),
    accessToken: bearerOf(request),
  });
  const proveWith: ProveWith = async (request, nonce) => {
    const proof = request.get('dpop');
    if (!proof) return null;
    const verdict = await proofs.verify(proof, provenOf(request), clock.now(), nonce);
    return verdict.kind === 'proven' ? { jkt: verdict.jkt, publicKey: verdict.publicKey } : null;
  };
  const proveDevice: ProveDevice = async (request, response) => {
    const now = clock.now();
    response.setHeader('DPoP-Nonce', proofs.issueNonce(now));
    const proof = request.get('dpop');
    if (!proof) {
      challenge(response, 'invalid_dpop_proof');
      throw appError(
        'device_proof_required',
        'Send a proof of your device key in the DPoP header.',
      );
    }
    const verdict = await proofs.verify(proof, provenOf(request), now);
    if (verdict.kind === 'proven') return { jkt: verdict.jkt, publicKey: verdict.publicKey };
    if (verdict.kind === 'use_nonce') {
      challenge(response, 'use_dpop_nonce');
      throw appError('use_dpop_nonce', 'Sign again with the nonce of the DPoP-Nonce header.');
    }
    challenge(response, 'invalid_dpop_proof');
    throw appError('device_proof_invalid', `The proof does not fit: ${verdict.reason}.`);
  };
  return { proveDevice, proveWith, issueNonce: () => proofs.issueNonce(clock.now()) };
}

/** The same path under every origin this server is known by: its own, and the configured ones. */
function addressesOf(request: Request, publicOrigins: readonly string[]): string[] {
  const own = `${request.protocol}://${request.host}`;
  return [own, ...publicOrigins].map((origin) => `${origin}${request.originalUrl}`);
}

function challenge(response: Response, error: 'invalid_dpop_proof' | 'use_dpop_nonce'): void {
  response.setHeader('WWW-Authenticate', `DPoP error="${error}", algs="ES256 EdDSA"`);
}

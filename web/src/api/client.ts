/** The signed-in way to the API: adds the token, renews it once when it is refused. */
import type { Tokens } from '../auth/sign-in-of.ts';
import { ApiProblem } from './problem.ts';
import { send, type ApiRequest } from './send.ts';

/** Asks the API; the caller names the shape docs/api.md promises. */
export interface ApiClient {
  request<T>(request: ApiRequest): Promise<T>;
}

/** Makes the client of a sign-in. */
export function createApiClient(signIn: Tokens): ApiClient {
  return {
    async request<T>(request: ApiRequest): Promise<T> {
      const token = await signIn.token();
      try {
        return (await sendProven(request, token)) as T;
      } catch (error) {
        if (!isRefusal(error, 'unauthenticated')) throw error;
        const renewed = await signIn.renew(token);
        if (renewed === null) throw error;
        return (await sendProven(request, renewed)) as T;
      }
    },
  };
}

/** Sends once more where the proof needed a fresh nonce: the answer brought it. */
async function sendProven(request: ApiRequest, token: string | null): Promise<unknown> {
  try {
    return await send(request, token);
  } catch (error) {
    if (!isRefusal(error, 'use_dpop_nonce')) throw error;
    return send(request, token);
  }
}

const isRefusal = (error: unknown, code: string): boolean =>
  error instanceof ApiProblem && error.status === 401 && error.code === code;

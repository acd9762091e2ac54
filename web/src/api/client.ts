/** The signed-in way to the API: adds the token, renews it once when it is refused. */
import type { SignIn } from '../auth/sign-in.ts';
import { ApiProblem } from './problem.ts';
import { send, type ApiRequest } from './send.ts';

/** Asks the API; the caller names the shape docs/api.md promises. */
export interface ApiClient {
  request<T>(request: ApiRequest): Promise<T>;
}

/** Makes the client of a sign-in. */
export function createApiClient(signIn: SignIn): ApiClient {
  return {
    async request<T>(request: ApiRequest): Promise<T> {
      const token = await signIn.token();
      try {
        return (await send(request, token)) as T;
      } catch (error) {
        if (!(error instanceof ApiProblem) || error.status !== 401) throw error;
        // The answer brought the nonce to sign with; the sign-in itself is fine.
        if (error.code === 'use_dpop_nonce') return (await send(request, token)) as T;
        if (error.code !== 'unauthenticated') throw error;
        const renewed = await signIn.renew(token);
        if (renewed === null) throw error;
        return (await send(request, renewed)) as T;
      }
    },
  };
}

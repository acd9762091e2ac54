/** The data cache: what is tried again, and how long data counts as fresh. */
import { QueryClient } from '@tanstack/react-query';
import { isWorthRetrying } from './problem.ts';

const RETRIES = 2;
/** Live events keep shown data current; this bounds what a missed one can cost. */
const FRESH_MS = 30_000;

/** Makes the cache of one sign-in. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: FRESH_MS,
        retry: (failures, error) => failures < RETRIES && isWorthRetrying(error),
        throwOnError: false,
      },
      mutations: { retry: false },
    },
  });
}

/** How many later devices of students wait for the reader's approval. */
import { useQuery } from '@tanstack/react-query';
import { readRebinds } from '../api/devices.ts';
import { queryKeys } from '../api/query-keys.ts';
import { useApp, useUser } from '../app-context.ts';
import { rightsOf } from './rights.ts';

/** Those that wait; the tab of the approvals shows the same answer. */
export const PENDING_DEVICES = { status: 'pending' } as const;
/** One that nobody approves becomes active by itself, which no news tells of. */
const ASK_EVERY_MS = 60_000;

/** The number; 0 while unknown and for people who approve none. */
export function usePendingDevices(): number {
  const { api } = useApp();
  const { data } = useQuery({
    queryKey: queryKeys.rebindList(PENDING_DEVICES),
    queryFn: ({ signal }) => readRebinds(api, PENDING_DEVICES, signal),
    enabled: rightsOf(useUser()).approvesDevices,
    refetchInterval: ASK_EVERY_MS,
  });
  return data?.pending ?? 0;
}

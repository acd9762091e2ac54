/** How many requests and new devices wait for the reader's decision. */
import { useQuery } from '@tanstack/react-query';
import { queryKeys } from '../api/query-keys.ts';
import { readCorrections, readLeaves, readUnlocks } from '../api/requests.ts';
import { readSelfEntries } from '../api/self-entries.ts';
import { useApp, useUser } from '../app-context.ts';
import { rightsOf } from './rights.ts';
import { usePendingDevices } from './use-pending-devices.ts';

const WAITING = { waiting_for_me: true, status: 'pending', page_size: 1 } as const;

/** The number for the navigation; 0 while unknown and for people who decide nothing. */
export function useWaitingCount(): number {
  const { api } = useApp();
  const isEnabled = rightsOf(useUser()).approves;
  const leaves = useQuery({
    queryKey: queryKeys.leaveList(WAITING),
    queryFn: ({ signal }) => readLeaves(api, WAITING, signal),
    select: (listed) => listed.count,
    enabled: isEnabled,
  });
  const corrections = useQuery({
    queryKey: queryKeys.correctionList(WAITING),
    queryFn: ({ signal }) => readCorrections(api, WAITING, signal),
    select: (listed) => listed.count,
    enabled: isEnabled,
  });
  const entries = useQuery({
    queryKey: queryKeys.selfEntryList(WAITING),
    queryFn: ({ signal }) => readSelfEntries(api, WAITING, signal),
    select: (listed) => listed.count,
    enabled: isEnabled,
  });
  const unlocks = useQuery({
    queryKey: queryKeys.unlockList(WAITING),
    queryFn: ({ signal }) => readUnlocks(api, WAITING, signal),
    select: (listed) => listed.count,
    enabled: isEnabled,
  });
  const devices = usePendingDevices();
  const requests = [leaves, corrections, entries, unlocks];
  return requests.reduce((sum, { data }) => sum + (data ?? 0), devices);
}

/** Whether this browser may scan, known also where the server cannot be asked. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { readOwnDevices, type OwnDevices } from '../api/devices.ts';
import { queryKeys } from '../api/query-keys.ts';
import { useApp, useUser } from '../app-context.ts';

/** Changes of this browser's standing come with refused tickets, not with time. */
const FRESH_MS = 5 * 60_000;

/** How this browser stands. */
interface OwnDevice {
  readonly isRegistered: boolean;
  /** The student registered a device before, so that another one is pending at first. */
  readonly hadDevice: boolean;
}

/**
 * Asks, and shows what the last answer said until the next one: a phone that is registered scans
 * offline, too, and a key cannot be registered for somebody else without being asked about again.
 * @param isAsked  whether to ask at all; yes by default
 */
export function useOwnDevice(isAsked = true) {
  const { api } = useApp();
  const { id: user } = useUser();
  return useQuery({
    queryKey: queryKeys.ownDeviceList,
    queryFn: async ({ signal }) => {
      const devices = await readOwnDevices(api, signal);
      remember(user, devices);
      return devices;
    },
    initialData: () => recall(user),
    initialDataUpdatedAt: 0,
    enabled: isAsked,
    staleTime: FRESH_MS,
    // Being offline is an answer at once, not a reason to wait for the network.
    networkMode: 'always',
    select: standingOf,
  });
}

/**
 * Says when this browser, of which the server took nothing, is registered again.
 * @param isHeld   whether something waits for that
 * @param onAgain  hears it once each time
 */
export function useRegisteredAgain(isHeld: boolean, onAgain: () => void): void {
  const queryClient = useQueryClient();
  const { data, isFetchedAfterMount } = useOwnDevice(isHeld);
  // What an earlier page was told proves nothing.
  const isRegistered = isFetchedAfterMount ? data?.isRegistered : undefined;
  /** A page that opens while something is held takes up what it was told before. */
  const wasEnded = useRef(isHeld);
  useEffect(() => {
    if (isHeld) void queryClient.invalidateQueries({ queryKey: queryKeys.ownDevices });
  }, [isHeld, queryClient]);
  useEffect(() => {
    if (isRegistered === false) wasEnded.current = true;
    if (isRegistered !== true || !wasEnded.current) return;
    wasEnded.current = false;
    onAgain();
  }, [isRegistered, onAgain]);
}

function standingOf({ jkt, results }: OwnDevices): OwnDevice {
  return {
    isRegistered: results.some((device) => device.jkt === jkt && device.status !== 'revoked'),
    hadDevice: results.length > 0,
  };
}

const nameOf = (user: string): string => `campshub360.devices.${user}`;

function remember(user: string, devices: OwnDevices): void {
  try {
    localStorage.setItem(nameOf(user), JSON.stringify(devices));
  } catch {
    // Full or switched off: the scanner then opens online alone.
  }
}

function recall(user: string): OwnDevices | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(nameOf(user)) ?? 'null') as OwnDevices | null;
    const isWhole = typeof kept?.jkt === 'string' && Array.isArray(kept.results);
    // A phone that was not registered then may be by now; that is worth the question.
    return isWhole && standingOf(kept).isRegistered ? kept : undefined;
  } catch {
    // Something else wrote there; the server knows.
    return undefined;
  }
}

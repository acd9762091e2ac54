/** The campus zone, in which every date and time is shown. */
import { useQuery } from '@tanstack/react-query';
import { queryKeys } from '../api/query-keys.ts';
import { readAnySession } from '../api/sessions.ts';
import { useApp } from '../app-context.ts';
import { browserZone } from './times.ts';

/** The zone of the sessions this person sees; undefined until it is known. */
export function useKnownZone(): string | undefined {
  const { api } = useApp();
  const { data, isError } = useQuery({
    queryKey: queryKeys.zone,
    queryFn: async ({ signal }) => (await readAnySession(api, signal))?.timezone ?? browserZone(),
    staleTime: Infinity,
    gcTime: Infinity,
  });
  return data ?? (isError ? browserZone() : undefined);
}

/** The campus zone, or the browser's while it is unknown. */
export const useZone = (): string => useKnownZone() ?? browserZone();

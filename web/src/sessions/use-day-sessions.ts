/** The sessions of one day that the reader's page shows. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { queryKeys } from '../api/query-keys.ts';
import { readSessions } from '../api/sessions.ts';
import type { User } from '../api/types.ts';
import { useApp, useLiveStatus } from '../app-context.ts';
import { rightsOf } from '../shell/rights.ts';

/** Without a live connection the list is read again this often. */
const RELOAD_MS = 60_000;

/**
 * Sessions of a day: a teacher's own, a student's own, or all the reader oversees.
 * @param date  undefined while the campus zone is unknown
 */
export function useDaySessions(user: User, date: string | undefined) {
  const { api } = useApp();
  const liveStatus = useLiveStatus();
  const rights = rightsOf(user);
  const filters = {
    date_from: date,
    date_to: date,
    ...(rights.isFaculty && !rights.overseesSessions ? { faculty: user.faculty_id } : {}),
  };
  return useQuery({
    queryKey: queryKeys.sessionList(filters),
    queryFn: ({ signal }) => readSessions(api, filters, signal),
    enabled: date !== undefined,
    placeholderData: keepPreviousData,
    refetchInterval: liveStatus === 'live' ? false : RELOAD_MS,
  });
}

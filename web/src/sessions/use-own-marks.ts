/** A student's own marks of a day, by session. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { queryKeys } from '../api/query-keys.ts';
import { readRecords } from '../api/records.ts';
import type { Mark, Session } from '../api/types.ts';
import { useApp, useUser } from '../app-context.ts';

/** The marks, or undefined for people who are no students. A session without a record is absent. */
export function useOwnMarks(
  date: string | undefined,
  sessions: readonly Session[],
): ReadonlyMap<string, Mark | null> | undefined {
  const { api, live } = useApp();
  const { student_id: student } = useUser();
  const queryClient = useQueryClient();
  const filters = {
    student: student ?? '',
    page_size: 200,
    ...(date === undefined ? {} : { date_from: date, date_to: date }),
  };
  const { data } = useQuery({
    queryKey: queryKeys.recordList(filters),
    queryFn: ({ signal }) => readRecords(api, filters, signal),
    enabled: student !== null && date !== undefined,
  });
  const ids = sessions.map(({ id }) => id).join(' ');
  useEffect(() => {
    if (student === null) return undefined;
    const stops = ids
      .split(' ')
      .filter((id) => id !== '')
      .map((id) =>
        live.watch(id, {
          started: () => undefined,
          event: ({ type, payload }) => {
            const isMine = type === 'record.changed' && payload['student'] === student;
            if (isMine) void queryClient.invalidateQueries({ queryKey: queryKeys.records });
          },
        }),
      );
    return () => {
      for (const stop of stops) stop();
    };
  }, [live, queryClient, student, ids]);
  if (student === null || data === undefined) return undefined;
  return new Map(data.results.map((record) => [record.session, record.mark]));
}

/** The reader's notifications, kept current, and the ways to mark them as read. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { markAllRead, markRead, readNotifications } from '../api/notifications.ts';
import { queryKeys } from '../api/query-keys.ts';
import { useApp, useLiveStatus } from '../app-context.ts';

/** The list is a glance, not an archive. */
const SHOWN = 20;
/** How late the bell may be: news come by socket, and without it a re-check lasts three minutes. */
const ASK_EVERY_MS = { live: 60_000, away: 30_000 };

/** The newest notifications; whoever shows them shares one reading. */
export function useNotificationList() {
  const { api } = useApp();
  const isLive = useLiveStatus() === 'live';
  return useQuery({
    queryKey: queryKeys.notifications,
    queryFn: ({ signal }) => readNotifications(api, SHOWN, signal),
    refetchInterval: isLive ? ASK_EVERY_MS.live : ASK_EVERY_MS.away,
  });
}

/** The newest notifications, asked for again at each news of one, and the ways to read them. */
export function useNotifications() {
  const { api, live } = useApp();
  const queryClient = useQueryClient();
  const refresh = () => queryClient.invalidateQueries({ queryKey: queryKeys.notifications });
  useEffect(
    () =>
      live.onNotice(({ kind }) => {
        void queryClient.invalidateQueries({ queryKey: queryKeys.notifications });
        if (!kind.startsWith('device_')) return;
        void queryClient.invalidateQueries({ queryKey: queryKeys.rebinds });
        void queryClient.invalidateQueries({ queryKey: queryKeys.ownDevices });
      }),
    [live, queryClient],
  );
  const query = useNotificationList();
  const read = useMutation({ mutationFn: (id: string) => markRead(api, id), onSettled: refresh });
  const readAll = useMutation({ mutationFn: () => markAllRead(api), onSettled: refresh });
  return { query, read, readAll };
}

/** The rooms of a campus with their places, read once for every screen that shows them. */
import { useQuery } from '@tanstack/react-query';
import type { ApiClient } from '../api/client.ts';
import { readPlacedRooms } from '../api/presence-setup.ts';
import { queryKeys } from '../api/query-keys.ts';
import { useApp } from '../app-context.ts';

/** The question; the list is held whole, so that a search is immediate. */
export const placedRoomsQuery = (api: ApiClient, campus: string) => ({
  queryKey: queryKeys.placedRooms(campus),
  queryFn: ({ signal }: { readonly signal: AbortSignal }) => readPlacedRooms(api, campus, signal),
});

/** The rooms of a campus. */
export function usePlacedRooms(campus: string) {
  const { api } = useApp();
  return useQuery(placedRoomsQuery(api, campus));
}

/** Picks a room of the campus by its code. */
import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { queryKeys } from '../api/query-keys.ts';
import { readRooms } from '../api/sessions.ts';
import { useApp } from '../app-context.ts';

interface RoomSelectProps {
  readonly value: string | null;
  readonly onChange: (code: string | null) => void;
  readonly error: string | undefined;
}

/** A searchable list of rooms. */
export function RoomSelect({ value, onChange, error }: RoomSelectProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const { data } = useQuery({
    queryKey: queryKeys.rooms,
    queryFn: ({ signal }) => readRooms(api, signal),
    staleTime: 10 * 60_000,
  });
  const rooms = data ?? [];
  const isKnown = value === null || rooms.some((room) => room.code === value);
  return (
    <Select
      label={t('session.room')}
      required
      searchable
      value={value}
      onChange={onChange}
      error={error}
      data={[
        ...(isKnown ? [] : [{ value, label: value }]),
        ...rooms.map(({ code, building, capacity }) => ({
          value: code,
          label: `${code} · ${building} · ${capacity}`,
        })),
      ]}
      comboboxProps={{ shadow: 'md' }}
    />
  );
}

/** The rooms of a campus and where they are. */
import {
  ActionIcon,
  Button,
  Group,
  Pagination,
  Paper,
  Table,
  Text,
  TextInput,
} from '@mantine/core';
import { IconAdjustments, IconDoor, IconMapPin, IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Place, PlacedRoom } from '../api/presence-setup.ts';
import { Empty, LoadFailed, LoadingCards } from '../shared/states.tsx';
import { PlaceDialog, usePlaceText } from './place-dialog.tsx';
import { usePlacedRooms } from './placed-rooms.ts';

const ROWS = 50;

/** The list with its search, and the dialog of one room. */
export function RoomsPanel({ campus }: { readonly campus: string }) {
  const { t } = useTranslation();
  const { data, error, refetch } = usePlacedRooms(campus);
  const [chosen, setChosen] = useState<string | null>(null);
  const [search, setSearch] = useState('');
  const [page, setPage] = useState(1);
  if (data === undefined) {
    if (error === null) return <LoadingCards count={4} height={64} />;
    return <LoadFailed error={error} onRetry={() => void refetch()} />;
  }
  if (data.length === 0) {
    return (
      <Empty
        icon={IconDoor}
        title={t('presenceSetup.noRooms')}
        text={t('presenceSetup.noRoomsText')}
      />
    );
  }
  const wanted = search.trim().toLowerCase();
  const found = data.filter(({ code, building }) =>
    `${code} ${building}`.toLowerCase().includes(wanted),
  );
  // From the list of now: what somebody else changed meanwhile is what a saved place is based on.
  const edited = data.find(({ id }) => id === chosen);
  const placed = data.filter(({ place }) => place !== null).length;
  return (
    <>
      <Text size="sm" c="dimmed" mb="md" maw={720}>
        {t('presenceSetup.roomsLead')}
      </Text>
      <Group justify="space-between" align="flex-end" mb="md" gap="sm">
        <TextInput
          label={t('presenceSetup.findRoom')}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={search}
          onChange={(event) => {
            setSearch(event.currentTarget.value);
            setPage(1);
          }}
          w={{ base: '100%', xs: 320 }}
        />
        <Text size="sm" c="dimmed" className="numbers">
          {t('presenceSetup.placedOf', { placed, count: data.length })}
        </Text>
      </Group>
      {found.length === 0 ? (
        <Empty
          icon={IconSearch}
          title={t('presenceSetup.noMatch')}
          text={t('presenceSetup.noMatchText')}
        />
      ) : (
        <RoomTable
          rooms={found.slice((page - 1) * ROWS, page * ROWS)}
          onChoose={({ id }) => setChosen(id)}
        />
      )}
      {found.length <= ROWS ? null : (
        <Pagination
          mt="md"
          total={Math.ceil(found.length / ROWS)}
          value={page}
          onChange={setPage}
          aria-label={t('presenceSetup.pages')}
          getItemProps={(item) => ({ 'aria-label': t('common.page', { page: item }) })}
          getControlProps={(control) => ({
            'aria-label': t(
              control === 'next' ? 'presenceSetup.nextPage' : 'presenceSetup.previousPage',
            ),
          })}
        />
      )}
      {edited === undefined ? null : (
        <PlaceDialog
          key={edited.id}
          room={edited}
          campus={campus}
          onClose={() => setChosen(null)}
        />
      )}
    </>
  );
}

interface RoomTableProps {
  readonly rooms: readonly PlacedRoom[];
  readonly onChoose: (room: PlacedRoom) => void;
}

function RoomTable({ rooms, onChoose }: RoomTableProps) {
  const { t } = useTranslation();
  return (
    <Paper className="setup-table-paper">
      <Table verticalSpacing="xs" horizontalSpacing="md" className="setup-table">
        <caption className="hidden-visually">{t('presenceSetup.roomsCaption')}</caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('presenceSetup.room')}</Table.Th>
            <Table.Th scope="col" data-column="building">
              {t('presenceSetup.building')}
            </Table.Th>
            <Table.Th scope="col" data-column="place">
              {t('presenceSetup.place')}
            </Table.Th>
            <Table.Th scope="col">
              <span className="hidden-visually">{t('presenceSetup.setPlace')}</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rooms.map((room) => (
            <RoomRow key={room.id} room={room} onChoose={() => onChoose(room)} />
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}

function RoomRow({ room, onChoose }: { readonly room: PlacedRoom; readonly onChoose: () => void }) {
  const { t } = useTranslation();
  const { code, building, place } = room;
  const settings = t('presenceSetup.settingsOf', { room: code });
  return (
    <Table.Tr>
      <Table.Th scope="row">
        {code}
        <Text size="xs" c="dimmed" className="setup-below">
          {building}
        </Text>
        <Text size="xs" c="dimmed" className="setup-below numbers">
          <PlaceText place={place} />
        </Text>
      </Table.Th>
      <Table.Td data-column="building">{building}</Table.Td>
      <Table.Td data-column="place" className="numbers">
        <PlaceText place={place} />
      </Table.Td>
      <Table.Td>
        <Group gap="xs" justify="flex-end" wrap="nowrap">
          <Button
            size="xs"
            variant={place === null ? 'light' : 'default'}
            leftSection={<IconMapPin size={15} aria-hidden />}
            onClick={onChoose}
            aria-label={t(
              place === null ? 'presenceSetup.setPlaceOf' : 'presenceSetup.editPlaceOf',
              { room: code },
            )}
          >
            {t(place === null ? 'presenceSetup.setPlace' : 'presenceSetup.editPlace')}
          </Button>
          <ActionIcon
            component={Link}
            to={`/presence-setup/settings?kind=room&id=${room.id}`}
            variant="default"
            size={30}
            aria-label={settings}
            title={settings}
          >
            <IconAdjustments size={16} aria-hidden />
          </ActionIcon>
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

function PlaceText({ place }: { readonly place: Place | null }) {
  const placeText = usePlaceText();
  return place === null ? <span className="setup-soft">{placeText(null)}</span> : placeText(place);
}

/** The networks of a campus, one row each. */
import { ActionIcon, Alert, Button, Group, Paper, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconPlus, IconRouter, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  readNetworks,
  setNetworks,
  type BuildingNetwork,
  type CampusNetworks,
} from '../api/presence-setup.ts';
import { fieldMessages } from '../api/problem.ts';
import { queryKeys } from '../api/query-keys.ts';
import { useApp } from '../app-context.ts';
import { FormFailure } from '../shared/form-failure.tsx';
import { notifyDone } from '../shared/notify.ts';
import { LoadFailed, LoadingCards } from '../shared/states.tsx';

/** The API's longest list. */
const ROWS_MAX = 500;

/** The list as it is stored, to be changed and saved as a whole. */
export function NetworksPanel({ campus }: { readonly campus: string }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const { data, error, refetch } = useQuery({
    queryKey: queryKeys.networks(campus),
    queryFn: ({ signal }) => readNetworks(api, campus, signal),
  });
  if (data === undefined) {
    if (error === null) return <LoadingCards count={2} height={80} />;
    return <LoadFailed error={error} onRetry={() => void refetch()} />;
  }
  return (
    <>
      <Text size="sm" c="dimmed" mb="md" maw={720}>
        {t('presenceSetup.networksLead')}
      </Text>
      {data.you === null ? null : (
        <Alert
          mb="md"
          maw={720}
          variant="light"
          color={data.you.inside ? 'green' : 'gray'}
          icon={<IconRouter aria-hidden />}
          data-testid="own-address"
        >
          {t(data.you.inside ? 'presenceSetup.inside' : 'presenceSetup.outside', {
            address: data.you.address,
          })}
        </Alert>
      )}
      <NetworksForm key={data.version} campus={campus} stored={data} />
    </>
  );
}

interface FormProps {
  readonly campus: string;
  readonly stored: CampusNetworks;
}

function NetworksForm({ campus, stored }: FormProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queryClient = useQueryClient();
  const [rows, setRows] = useState<readonly BuildingNetwork[]>(stored.networks);
  const save = useMutation({
    mutationFn: () => setNetworks(api, campus, stored.version, rows),
    onSuccess: (saved) => {
      queryClient.setQueryData(queryKeys.networks(campus), saved);
      notifyDone(t('presenceSetup.networksSaved'));
    },
  });
  const messages = fieldMessages(save.error);
  const isChanged = JSON.stringify(rows) !== JSON.stringify(stored.networks);
  const change = (at: number, some: Partial<BuildingNetwork>): void =>
    setRows(rows.map((row, index) => (index === at ? { ...row, ...some } : row)));
  const undo = (): void => {
    save.reset();
    setRows(stored.networks);
    // Somebody else may have changed the list meanwhile.
    void queryClient.invalidateQueries({ queryKey: queryKeys.networks(campus) });
  };
  const hasRowMessages = Object.keys(messages).some((path) => path.startsWith('networks.'));
  return (
    <Stack maw={720} gap="md">
      {hasRowMessages ? null : <FormFailure error={save.error} />}
      <Paper p="md">
        <Stack gap="sm">
          {rows.length === 0 ? (
            <Text size="sm" c="dimmed">
              {t('presenceSetup.noNetworks')}
            </Text>
          ) : null}
          {rows.map((row, index) => (
            <NetworkRow
              // Rows have no identity beside their place; the fields are controlled.
              key={index}
              number={index + 1}
              row={row}
              buildingError={messages[`networks.${index}.building`]}
              networkError={messages[`networks.${index}.network`]}
              onChange={(some) => change(index, some)}
              onRemove={() => {
                save.reset();
                setRows(rows.filter((_, at) => at !== index));
              }}
            />
          ))}
          <Button
            variant="light"
            size="xs"
            leftSection={<IconPlus size={15} aria-hidden />}
            disabled={rows.length >= ROWS_MAX}
            onClick={() =>
              setRows([...rows, { building: rows.at(-1)?.building ?? '', network: '' }])
            }
            style={{ alignSelf: 'flex-start' }}
          >
            {t('presenceSetup.addNetwork')}
          </Button>
        </Stack>
      </Paper>
      <Group gap="sm">
        <Button onClick={() => save.mutate()} loading={save.isPending} disabled={!isChanged}>
          {t('common.save')}
        </Button>
        <Button variant="default" onClick={undo} disabled={!isChanged}>
          {t('presenceSetup.undo')}
        </Button>
      </Group>
    </Stack>
  );
}

interface NetworkRowProps {
  readonly number: number;
  readonly row: BuildingNetwork;
  readonly buildingError: string | undefined;
  readonly networkError: string | undefined;
  readonly onChange: (some: Partial<BuildingNetwork>) => void;
  readonly onRemove: () => void;
}

function NetworkRow(props: NetworkRowProps) {
  const { t } = useTranslation();
  const { number, row, buildingError, networkError, onChange, onRemove } = props;
  return (
    <div className="setup-network">
      <TextInput
        aria-label={t('presenceSetup.buildingNumber', { number })}
        placeholder={t('presenceSetup.building')}
        maxLength={100}
        value={row.building}
        onChange={(event) => onChange({ building: event.currentTarget.value })}
        error={buildingError}
      />
      <TextInput
        aria-label={t('presenceSetup.networkNumber', { number })}
        placeholder="10.20.0.0/16"
        maxLength={60}
        value={row.network}
        onChange={(event) => onChange({ network: event.currentTarget.value.trim() })}
        error={networkError}
        className="numbers"
      />
      <ActionIcon
        variant="subtle"
        color="red"
        size={36}
        aria-label={t('presenceSetup.removeNetwork', { number })}
        onClick={onRemove}
      >
        <IconTrash size={17} aria-hidden />
      </ActionIcon>
    </div>
  );
}

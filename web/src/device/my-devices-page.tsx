/** The reader's own devices: this browser, the others, how each stands, and ending one. */
import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconDeviceMobile, IconDeviceMobileOff } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { readOwnDevices, type OwnDevice } from '../api/devices.ts';
import { queryKeys } from '../api/query-keys.ts';
import { useApp } from '../app-context.ts';
import { PageHeader } from '../shared/page-header.tsx';
import { LoadFailed, LoadingCards } from '../shared/states.tsx';
import { showMoment } from '../shared/times.ts';
import { useZone } from '../shared/use-zone.ts';
import { DeviceChip } from './device-chip.tsx';
import './devices.css';
import { EndDeviceDialog } from './end-device-dialog.tsx';
import { RegisterDevice } from './register-device.tsx';
import { useDeviceWords } from './use-device-words.ts';

/** The page. */
export function MyDevicesPage() {
  const { t } = useTranslation();
  const wordsOf = useDeviceWords();
  return (
    <>
      <PageHeader title={t('devices.title')} lead={wordsOf('lead')} />
      <Devices />
    </>
  );
}

function Devices() {
  const { t } = useTranslation();
  const { api } = useApp();
  const [ended, setEnded] = useState<OwnDevice | null>(null);
  const devices = useQuery({
    queryKey: queryKeys.ownDeviceList,
    queryFn: ({ signal }) => readOwnDevices(api, signal),
  });
  if (devices.data === undefined) {
    return devices.error === null ? (
      <LoadingCards count={2} />
    ) : (
      <LoadFailed error={devices.error} onRetry={() => void devices.refetch()} />
    );
  }
  const { jkt, results } = devices.data;
  const live = results.filter(({ status }) => status !== 'revoked');
  const isRegistered = live.some((device) => device.jkt === jkt);
  return (
    <Stack gap="md" maw={560}>
      {isRegistered ? null : (
        <RegisterDevice
          key={live.length}
          hasOther={live.length > 0}
          hadDevice={results.length > 0}
        />
      )}
      {results.length === 0 ? null : (
        <section aria-label={t('devices.list')}>
          <ul className="device-list">
            {results.map((device) => (
              <li key={device.id}>
                <DeviceCard device={device} isThis={device.jkt === jkt} onEnd={setEnded} />
              </li>
            ))}
          </ul>
        </section>
      )}
      <EndDeviceDialog device={ended} onClose={() => setEnded(null)} />
    </Stack>
  );
}

interface DeviceCardProps {
  readonly device: OwnDevice;
  readonly isThis: boolean;
  readonly onEnd: (device: OwnDevice) => void;
}

function DeviceCard({ device, isThis, onEnd }: DeviceCardProps) {
  const { t } = useTranslation();
  const wordsOf = useDeviceWords();
  const zone = useZone();
  const isLive = device.status !== 'revoked';
  const since = showMoment(device.valid_from, zone);
  const Icon = isLive ? IconDeviceMobile : IconDeviceMobileOff;
  return (
    <Paper p="md" component="article" className="device-card" data-ended={!isLive || undefined}>
      <Group justify="space-between" align="flex-start" wrap="nowrap" gap="sm">
        <Group gap="sm" wrap="nowrap" align="flex-start">
          <Icon size={22} stroke={1.6} aria-hidden />
          <div>
            <Title order={2} size="h5">
              {t(isThis ? 'devices.thisBrowser' : 'devices.otherDevice')}
            </Title>
            <Text size="sm" c="dimmed">
              {t(`devices.strength.${device.strength}`)}
            </Text>
            <Text size="sm" c="dimmed" className="numbers">
              {device.valid_to === null
                ? t('devices.since', { time: since })
                : t('devices.ended', { from: since, to: showMoment(device.valid_to, zone) })}
            </Text>
          </div>
        </Group>
        <DeviceChip status={device.status} />
      </Group>
      {isLive && (isThis || device.pending_until !== null) ? (
        <Text size="sm" mt="sm">
          {device.pending_until === null
            ? wordsOf('isRegistered')
            : wordsOf('isPending', showMoment(device.pending_until, zone))}
        </Text>
      ) : null}
      {isLive ? (
        <Group justify="flex-end" mt="sm">
          <Button
            size="sm"
            variant="default"
            onClick={() => onEnd(device)}
            aria-label={isThis ? t('devices.endThis') : t('devices.endOther', { time: since })}
          >
            {t('devices.end')}
          </Button>
        </Group>
      ) : null}
    </Paper>
  );
}

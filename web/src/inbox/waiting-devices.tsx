/** Later devices of students: which wait for approval, which came before, and how often. */
import { Button, Checkbox, Group, Paper, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconAlertTriangle, IconCheck, IconDeviceMobile } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { approveRebind, readRebinds, type Rebind } from '../api/devices.ts';
import { queryKeys } from '../api/query-keys.ts';
import { useApp, useUser } from '../app-context.ts';
import { DeviceChip } from '../device/device-chip.tsx';
import { notifyDone, notifyFailed } from '../shared/notify.ts';
import { fullName } from '../shared/person-name.ts';
import { Empty, LoadFailed, LoadingCards, useFailureText } from '../shared/states.tsx';
import { showMoment } from '../shared/times.ts';
import { useZone } from '../shared/use-zone.ts';
import { rightsOf } from '../shell/rights.ts';
import { PENDING_DEVICES } from '../shell/use-pending-devices.ts';
import { ClearLimitDialog } from './clear-limit-dialog.tsx';
import './waiting-devices.css';

/** The list; pending ones first asked for, all of 120 days on demand. */
export function WaitingDevices() {
  const { t } = useTranslation();
  const { api } = useApp();
  const [onlyPending, setOnlyPending] = useState(true);
  const [cleared, setCleared] = useState<Rebind | null>(null);
  const filters = onlyPending ? PENDING_DEVICES : {};
  const { data, error, refetch } = useQuery({
    queryKey: queryKeys.rebindList(filters),
    queryFn: ({ signal }) => readRebinds(api, filters, signal),
  });
  const approval = useApproval();
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed" maw={680}>
        {t('devices.approvalsText')}
      </Text>
      <Checkbox
        label={t('devices.onlyPending')}
        checked={onlyPending}
        onChange={(event) => setOnlyPending(event.currentTarget.checked)}
      />
      {data === undefined ? (
        error === null ? (
          <LoadingCards count={2} />
        ) : (
          <LoadFailed error={error} onRetry={() => void refetch()} />
        )
      ) : data.results.length === 0 ? (
        <Empty
          icon={IconDeviceMobile}
          title={t(onlyPending ? 'devices.noPending' : 'devices.approvalsNone')}
          text={t(onlyPending ? 'devices.noPendingText' : 'devices.approvalsNoneText')}
        />
      ) : (
        <ul className="case-list" aria-label={t('devices.approvalsList')}>
          {data.results.map((rebind) => (
            <li key={rebind.id}>
              <RebindCard
                rebind={rebind}
                isBusy={approval.isPending && approval.variables === rebind.id}
                onApprove={() => approval.mutate(rebind.id)}
                onClear={() => setCleared(rebind)}
              />
            </li>
          ))}
        </ul>
      )}
      <ClearLimitDialog rebind={cleared} onClose={() => setCleared(null)} />
    </Stack>
  );
}

/** Approves; whatever came of it, the lists are read again: somebody else may have been first. */
function useApproval() {
  const { t } = useTranslation();
  const { api } = useApp();
  const queryClient = useQueryClient();
  const failureText = useFailureText();
  return useMutation({
    mutationFn: (id: string) => approveRebind(api, id),
    onSuccess: () => notifyDone(t('devices.approved')),
    onError: (error) => notifyFailed(t('inbox.notRecorded'), failureText(error)),
    onSettled: () => queryClient.invalidateQueries({ queryKey: queryKeys.rebinds }),
  });
}

interface RebindCardProps {
  readonly rebind: Rebind;
  readonly isBusy: boolean;
  readonly onApprove: () => void;
  readonly onClear: () => void;
}

function RebindCard({ rebind, isBusy, onApprove, onClear }: RebindCardProps) {
  const { t } = useTranslation();
  const zone = useZone();
  const { clearsDeviceLimit } = rightsOf(useUser());
  const name = fullName(rebind.student);
  return (
    <Paper p="md" component="article" aria-label={name}>
      <Group justify="space-between" align="flex-start" wrap="nowrap" gap="sm">
        <div className="case-head">
          <Text size="sm" c="dimmed" className="numbers">
            {rebind.student.roll_number}
          </Text>
          <Text component="h3" fw={620} fz="md" lh={1.3} m={0}>
            {name}
          </Text>
        </div>
        <DeviceChip status={rebind.status} />
      </Group>
      <Stack gap={2} mt="xs" className="numbers">
        <Text size="sm">
          {t('devices.registeredAt', { time: showMoment(rebind.bound_at, zone) })}
          {rebind.status === 'pending' && rebind.pending_until !== null
            ? ` · ${t('devices.pendingUntil', { time: showMoment(rebind.pending_until, zone) })}`
            : null}
        </Text>
        <Previous rebind={rebind} />
      </Stack>
      <Group justify="space-between" align="center" mt="sm" gap="sm">
        <span className="rebind-counts">
          <Text size="sm" span className="numbers">
            {t('devices.changes', { count: rebind.changes })}
          </Text>
          {rebind.limit_reached ? (
            <span className="chip tone-absent">
              <IconAlertTriangle size={14} stroke={2.2} aria-hidden />
              {t('devices.limitReached')}
            </span>
          ) : null}
        </span>
        <Group gap="xs">
          {clearsDeviceLimit && rebind.limit_reached ? (
            <Button
              size="sm"
              variant="default"
              onClick={onClear}
              aria-label={t('devices.clearFor', { name })}
            >
              {t('devices.clear')}
            </Button>
          ) : null}
          {rebind.status === 'pending' ? (
            <Button
              size="sm"
              leftSection={<IconCheck size={16} aria-hidden />}
              loading={isBusy}
              onClick={onApprove}
              aria-label={t('devices.approveFor', { name })}
            >
              {t('devices.approve')}
            </Button>
          ) : null}
        </Group>
      </Group>
    </Paper>
  );
}

/** Ended by the change itself, or by the student before it. */
function Previous({ rebind: { previous, bound_at: boundAt } }: { readonly rebind: Rebind }) {
  const { t } = useTranslation();
  const zone = useZone();
  if (previous === null || previous.ended_at === null) return null;
  const gapMs = Date.parse(boundAt) - Date.parse(previous.ended_at);
  const times = {
    from: showMoment(previous.bound_at, zone),
    to: showMoment(previous.ended_at, zone),
  };
  return (
    <Text size="sm" c="dimmed">
      {t(gapMs > 1_000 ? 'devices.followsEnded' : 'devices.replaces', times)}
    </Text>
  );
}

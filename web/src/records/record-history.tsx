/** How a mark came about: every claim behind a record as a timeline, with the reason each counts or not. */
import { Alert, Center, Drawer, Group, Loader, Stack, Text, Timeline } from '@mantine/core';
import { IconArrowBackUp, IconArrowsDiff, IconLogout } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { queryKeys } from '../api/query-keys.ts';
import {
  readRecordHistory,
  type HistoryOperation,
  type RecordHistory,
  type RecordPlace,
} from '../api/record-history.ts';
import { useApp } from '../app-context.ts';
import { MARK_LOOKS, MarkChip } from '../shared/chips.tsx';
import { LoadFailed } from '../shared/states.tsx';
import { showMoment, showTime } from '../shared/times.ts';
import { sourceKey } from '../shared/source-key.ts';
import './record-history.css';

/** Whose history is shown. */
export interface HistorySubject extends RecordPlace {
  /** The version on the screen; a newer one reads the history again. */
  readonly version: number;
  /** Whose mark, or of which class. */
  readonly name: string;
}

interface RecordHistoryDrawerProps {
  readonly subject: HistorySubject | null;
  readonly zone: string;
  readonly onClose: () => void;
}

/** The drawer; it is open while there is a subject. */
export function RecordHistoryDrawer({ subject, zone, onClose }: RecordHistoryDrawerProps) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={subject !== null}
      onClose={onClose}
      position="right"
      size="md"
      title={t('records.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {subject === null ? null : <History subject={subject} zone={zone} />}
    </Drawer>
  );
}

interface HistoryProps {
  readonly subject: HistorySubject;
  readonly zone: string;
}

function History({ subject, zone }: HistoryProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const { name, version, ...place } = subject;
  const { data, error, refetch } = useQuery({
    queryKey: [...queryKeys.records, 'history', place.session, place.student, version],
    queryFn: ({ signal }) => readRecordHistory(api, place, signal),
  });
  if (data === undefined) {
    return error === null ? (
      <Center py="xl" role="status" aria-label={t('common.loading')}>
        <Loader size="sm" />
      </Center>
    ) : (
      <LoadFailed error={error} onRetry={() => void refetch()} />
    );
  }
  return (
    <Stack gap="md" data-testid="record-history">
      <Text fw={600}>{name}</Text>
      {data === null || data.operations.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t('records.empty')}
        </Text>
      ) : (
        <Entries history={data} zone={zone} />
      )}
    </Stack>
  );
}

function Entries({ history, zone }: { readonly history: RecordHistory; readonly zone: string }) {
  const { t } = useTranslation();
  const { record, operations, conflicts } = history;
  const open = conflicts.filter(({ state }) => state === 'open');
  return (
    <>
      <Group gap="sm">
        <Text size="sm" c="dimmed">
          {t('records.now')}
        </Text>
        <MarkChip mark={record.mark} />
      </Group>
      {open.length === 0 ? null : (
        <Alert
          color="orange"
          variant="light"
          className="history-conflict"
          icon={<IconArrowsDiff aria-hidden />}
          title={t('records.conflictTitle')}
        >
          {open.map(({ id, kind }) => (
            <Text key={id} size="sm">
              {t(`records.conflict.${kind}`)}
            </Text>
          ))}
        </Alert>
      )}
      <Text size="xs" c="dimmed">
        {t('records.lead')}
      </Text>
      <Timeline bulletSize={28} lineWidth={2} component="ol" className="history-line">
        {operations.map((entry) => (
          <Timeline.Item
            key={entry.op_id}
            component="li"
            className={`history-entry tone-${entry.mark ?? 'unmarked'}`}
            data-winner={entry.is_winner || undefined}
            data-why={entry.why.code}
            bullet={<Bullet entry={entry} />}
            title={<Title entry={entry} />}
          >
            <Facts entry={entry} zone={zone} />
            <Texts entry={entry} />
            <Text size="sm" mt={4} className="history-why">
              {entry.why.text}
            </Text>
          </Timeline.Item>
        ))}
      </Timeline>
    </>
  );
}

interface EntryProps {
  readonly entry: HistoryOperation;
}

function Bullet({ entry: { kind, mark, phase } }: EntryProps) {
  const Icon = MARK_LOOKS[mark ?? 'unmarked'].icon;
  if (kind === 'withdraw') return <IconArrowBackUp size={15} aria-hidden />;
  if (phase === 'exit') return <IconLogout size={15} aria-hidden />;
  return <Icon size={15} stroke={2.2} aria-hidden />;
}

function Title({ entry }: EntryProps) {
  const { t } = useTranslation();
  const state = stateOf(entry);
  return (
    <Group gap={8} align="baseline" component="span">
      <Text
        component="span"
        size="sm"
        fw={600}
        td={entry.is_withdrawn ? 'line-through' : undefined}
      >
        {entry.kind === 'withdraw'
          ? t('records.withdrawal')
          : entry.phase === 'exit'
            ? t('records.exit')
            : t(`mark.${entry.mark ?? 'unmarked'}`)}
      </Text>
      {state === null ? null : (
        <span className="history-state" data-state={state}>
          {t(`records.${state}`)}
        </span>
      )}
    </Group>
  );
}

function stateOf(entry: HistoryOperation): 'counts' | 'waits' | 'takenBack' | 'refused' | null {
  if (entry.is_winner) return 'counts';
  if (entry.is_withdrawn) return 'takenBack';
  if (entry.why.code.startsWith('pending_')) return 'waits';
  return entry.why.code === 'rejected' ? 'refused' : null;
}

/** Who, how and when. */
function Facts({ entry, zone }: EntryProps & { readonly zone: string }) {
  const { t } = useTranslation();
  const { who, location, device_id: device, capture_mode: mode } = entry;
  const role = who?.role ? t(`records.role.${who.role}`) : null;
  const speaker = who?.is_self ? t('records.you') : who?.name;
  const facts = [
    speaker === undefined
      ? t(entry.source === 'system' ? 'records.system' : 'records.terminal')
      : role === null
        ? speaker
        : t('records.by', { name: speaker, role }),
    `${t(`source.${sourceKey(entry.source)}`)}: ${entry.rank_word}`,
    ...(entry.fallback === null
      ? []
      : [t('records.withoutScan', { why: t(`fallback.${entry.fallback}`) })]),
    ...(location === null ? [] : [placeOf(location)]),
    ...(device === null ? [] : [t('records.device', { id: device.slice(-8) })]),
    ...(mode === 'online'
      ? []
      : [t('records.offline', { time: showTime(entry.received_at, zone) })]),
  ];
  return (
    <>
      <Text size="xs" c="dimmed" className="numbers">
        {showMoment(entry.effective_at, zone)}
      </Text>
      {facts.map((fact) => (
        <Text key={fact} size="xs" c="dimmed">
          {fact}
        </Text>
      ))}
    </>
  );

  function placeOf({ verdict, distance_m: count }: NonNullable<HistoryOperation['location']>) {
    const place = t(`records.distance.${verdict}`);
    return count === null ? place : t('records.metres', { place, count });
  }
}

/** What was written with it, or that there is something to read for others. */
function Texts({ entry }: EntryProps) {
  const { t } = useTranslation();
  const said = [entry.reason, entry.notes].filter((text) => text !== null);
  const isHidden = said.length === 0 && (entry.has_notes || entry.has_reason);
  return (
    <>
      {said.map((text) => (
        <Text key={text} size="sm" mt={4} className="history-quote">
          {t('records.quote', { text })}
        </Text>
      ))}
      {isHidden ? (
        <Text size="xs" c="dimmed" fs="italic" mt={4}>
          {t('records.noteHidden')}
        </Text>
      ) : null}
    </>
  );
}

/** Own entries that wait for the reader, by class: all at once, or one by one. */
import { ActionIcon, Button, Group, Paper, Stack, Text } from '@mantine/core';
import { IconCheck, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SelfEntry } from '../api/types.ts';
import { fullName } from '../shared/person-name.ts';
import { LoadFailed } from '../shared/states.tsx';
import { showMoment } from '../shared/times.ts';
import { useZone } from '../shared/use-zone.ts';
import type { EntryGroup } from './by-class.ts';
import { RefuseDialog } from './refuse-dialog.tsx';
import './self-entry.css';
import { useDecideEntries, useWaitingEntries } from './use-waiting-entries.ts';

/** The groups; nothing while none waits. */
export function WaitingEntries() {
  const { t } = useTranslation();
  const { groups, error, retry } = useWaitingEntries();
  const [refused, setRefused] = useState<readonly SelfEntry[] | null>(null);
  const decision = useDecideEntries();
  if (groups === undefined) {
    return error === null ? null : <LoadFailed error={error} onRetry={retry} />;
  }
  const approve = (entries: readonly SelfEntry[]): void =>
    decision.mutate({ ids: entries.map(({ id }) => id), verdict: 'approved' });
  return (
    <>
      {groups.length === 0 ? null : (
        <section aria-label={t('selfEntry.title')} className="entry-groups">
          <Text component="h2" fw={620} fz="md" mb="sm">
            {t('selfEntry.title')}
          </Text>
          <Stack gap="sm">
            {groups.map((group) => (
              <ClassEntries
                key={group.session.id}
                group={group}
                isBusy={decision.isPending}
                onApprove={approve}
                onRefuse={setRefused}
              />
            ))}
          </Stack>
        </section>
      )}
      <RefuseDialog entries={refused} onClose={() => setRefused(null)} />
    </>
  );
}

interface GroupProps {
  readonly group: EntryGroup;
  readonly isBusy: boolean;
  readonly onApprove: (entries: readonly SelfEntry[]) => void;
  readonly onRefuse: (entries: readonly SelfEntry[]) => void;
}

function ClassEntries({ group, isBusy, onApprove, onRefuse }: GroupProps) {
  const { t } = useTranslation();
  const zone = useZone();
  const { session, entries } = group;
  const course = `${session.course_code} ${session.course_name}`;
  return (
    <Paper p="md" component="article" aria-label={course}>
      <Stack gap="sm">
        <Group justify="space-between" gap="sm">
          <div>
            <Text fw={600}>
              {t('selfEntry.group', {
                course,
                section: session.section_name,
                time: showMoment(session.start_datetime, zone),
              })}
            </Text>
            <Text size="sm" c="dimmed">
              {t('selfEntry.count', { count: entries.length })}
            </Text>
          </div>
          <Group gap="xs">
            <Button
              size="sm"
              variant="default"
              disabled={isBusy}
              onClick={() => onRefuse(entries)}
              aria-label={t('selfEntry.refuseAllIn', { course })}
            >
              {t('selfEntry.refuseAll')}
            </Button>
            <Button
              size="sm"
              loading={isBusy}
              onClick={() => onApprove(entries)}
              aria-label={t('selfEntry.approveAllIn', { course })}
            >
              {t('selfEntry.approveAll')}
            </Button>
          </Group>
        </Group>
        <ul className="entry-list" aria-label={t('selfEntry.students', { course })}>
          {entries.map((entry) => (
            <Entry
              key={entry.id}
              entry={entry}
              isBusy={isBusy}
              onApprove={() => onApprove([entry])}
              onRefuse={() => onRefuse([entry])}
            />
          ))}
        </ul>
      </Stack>
    </Paper>
  );
}

interface EntryProps {
  readonly entry: SelfEntry;
  readonly isBusy: boolean;
  readonly onApprove: () => void;
  readonly onRefuse: () => void;
}

function Entry({ entry, isBusy, onApprove, onRefuse }: EntryProps) {
  const { t } = useTranslation();
  const name = fullName(entry.student);
  return (
    <li className="entry-row">
      <div className="entry-person">
        <Text size="sm" fw={560}>
          {name} <span className="numbers entry-roll">{entry.student.roll_number}</span>
        </Text>
        {entry.reason === null ? null : <Text size="sm">{entry.reason}</Text>}
        {entry.record_mark === null ? null : (
          <Text size="xs" c="dimmed">
            {t('selfEntry.marked', { mark: t(`mark.${entry.record_mark}`) })}
          </Text>
        )}
      </div>
      <Group gap={6} wrap="nowrap">
        <ActionIcon
          size="lg"
          variant="default"
          disabled={isBusy}
          onClick={onRefuse}
          aria-label={t('selfEntry.refuse', { name })}
        >
          <IconX size={18} aria-hidden />
        </ActionIcon>
        <ActionIcon
          size="lg"
          disabled={isBusy}
          onClick={onApprove}
          aria-label={t('selfEntry.approve', { name })}
        >
          <IconCheck size={18} aria-hidden />
        </ActionIcon>
      </Group>
    </li>
  );
}

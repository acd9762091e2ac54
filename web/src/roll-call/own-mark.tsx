/** What a student sees of a session: the own mark and how the class stands, live. */
import { Button, Group, Paper, Stack, Text } from '@mantine/core';
import { IconHistory, IconHourglass } from '@tabler/icons-react';
import type { TablerIcon } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RosterRow, Session } from '../api/types.ts';
import { RecordHistoryDrawer } from '../records/record-history.tsx';
import { OwnEntry } from '../self-entry/own-entry.tsx';
import { MARK_LOOKS } from '../shared/chips.tsx';
import { CountsBar, CountsList } from '../shared/counts-bar.tsx';
import { sourceKey } from '../shared/source-key.ts';
import { showMoment } from '../shared/times.ts';
import { waitingOf } from './narrow-roll.ts';
import { RollNotice } from './roll-notice.tsx';

interface OwnMarkProps {
  readonly session: Session;
  readonly row: RosterRow;
}

/** The own mark, large, and the numbers of the class. */
export function OwnMark({ session, row }: OwnMarkProps) {
  const { t } = useTranslation();
  const { record } = row;
  const [isOpen, setOpen] = useState(false);
  const mark = record?.mark ?? null;
  // A mark of presence says what the scan would; what the teacher then thinks of it is no news.
  const isScanWaiting = waitingOf(row.waiting) === 'scan' && mark !== 'present' && mark !== 'late';
  const isOnlyWaiting = isScanWaiting && mark === null;
  return (
    <Stack gap="md" maw={560}>
      <Paper
        className={`own-mark tone-${isOnlyWaiting ? 'late' : (mark ?? 'unmarked')}`}
        role="status"
        data-testid="own-mark"
      >
        <MarkBadge icon={isOnlyWaiting ? IconHourglass : MARK_LOOKS[mark ?? 'unmarked'].icon} />
        <div>
          <Text size="sm" c="dimmed">
            {t('session.yourMark')}
          </Text>
          <Text fz={isOnlyWaiting ? 20 : 24} fw={650} lh={1.25}>
            {isOnlyWaiting ? t('rollCall.ownScanWaits') : t(`mark.${mark ?? 'unmarked'}`)}
          </Text>
          {isScanWaiting ? <Text size="sm">{t('rollCall.ownScanWaitsText')}</Text> : null}
          {record === null || mark === null ? null : (
            <Text size="sm" c="dimmed">
              {t(`source.${sourceKey(record.source)}`)}
              {record.marked_at === null
                ? null
                : ` · ${showMoment(record.marked_at, session.timezone)}`}
            </Text>
          )}
        </div>
        {record === null ? null : (
          <Button
            ms="auto"
            flex="none"
            size="xs"
            variant="default"
            leftSection={<IconHistory size={16} aria-hidden />}
            onClick={() => setOpen(true)}
          >
            {t('records.open')}
          </Button>
        )}
      </Paper>
      <OwnEntry session={session} mark={mark} />
      <RecordHistoryDrawer
        subject={
          isOpen && record !== null
            ? {
                id: record.id || null,
                session: session.id,
                student: row.student.id,
                version: record.version,
                name: `${session.course_section.course.code} ${session.course_section.course.name}`,
              }
            : null
        }
        zone={session.timezone}
        onClose={() => setOpen(false)}
      />
      <Paper p="md">
        <Stack gap="sm">
          <Group justify="space-between">
            <Text fw={600}>{t('rollCall.theClass')}</Text>
            <RollNotice session={session} />
          </Group>
          <CountsBar counts={session.counts} />
          <CountsList counts={session.counts} />
        </Stack>
      </Paper>
    </Stack>
  );
}

function MarkBadge({ icon: Icon }: { readonly icon: TablerIcon }) {
  return (
    <span className="own-mark-badge" aria-hidden="true">
      <Icon size={30} stroke={2.2} />
    </span>
  );
}

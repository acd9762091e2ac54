/** What a student sees of a session: the own mark and how the class stands, live. */
import { Group, Paper, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Mark, RosterRow, Session } from '../api/types.ts';
import { MARK_LOOKS } from '../shared/chips.tsx';
import { CountsBar, CountsList } from '../shared/counts-bar.tsx';
import { showMoment } from '../shared/times.ts';
import { sourceKey } from './source-key.ts';
import { RollNotice } from './roll-notice.tsx';

interface OwnMarkProps {
  readonly session: Session;
  readonly row: RosterRow;
}

/** The own mark, large, and the numbers of the class. */
export function OwnMark({ session, row }: OwnMarkProps) {
  const { t } = useTranslation();
  const { record } = row;
  const mark = record?.mark ?? null;
  return (
    <Stack gap="md" maw={560}>
      <Paper className={`own-mark tone-${mark ?? 'unmarked'}`} role="status" data-testid="own-mark">
        <MarkBadge mark={mark} />
        <div>
          <Text size="sm" c="dimmed">
            {t('session.yourMark')}
          </Text>
          <Text fz={24} fw={650} lh={1.25}>
            {t(`mark.${mark ?? 'unmarked'}`)}
          </Text>
          {record === null || mark === null ? null : (
            <Text size="sm" c="dimmed">
              {t(`source.${sourceKey(record.source)}`)}
              {record.marked_at === null
                ? null
                : ` · ${showMoment(record.marked_at, session.timezone)}`}
            </Text>
          )}
        </div>
      </Paper>
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

function MarkBadge({ mark }: { readonly mark: Mark | null }) {
  const Icon = MARK_LOOKS[mark ?? 'unmarked'].icon;
  return (
    <span className="own-mark-badge" aria-hidden="true">
      <Icon size={30} stroke={2.2} />
    </span>
  );
}

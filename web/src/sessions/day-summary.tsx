/** The day in four numbers. */
import { Paper, SimpleGrid, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Session } from '../api/types.ts';

/** Open, still to come, done, and the share attended in the classes that have marks. */
export function DaySummary({ sessions }: { readonly sessions: readonly Session[] }) {
  const { t } = useTranslation();
  const count = (statuses: readonly string[]): number =>
    sessions.filter(({ status }) => statuses.includes(status)).length;
  const marked = sessions.filter(({ counts }) => counts.present + counts.late + counts.absent > 0);
  const sum = (of: (session: Session) => number): number =>
    marked.reduce((total, session) => total + of(session), 0);
  const expected = sum(({ counts }) => counts.present + counts.late + counts.absent);
  const attended = sum(({ attendance_count: count }) => count);
  const figures = [
    { label: t('session.summaryOpen'), value: String(count(['open'])) },
    { label: t('session.summaryLater'), value: String(count(['scheduled'])) },
    { label: t('session.summaryDone'), value: String(count(['closed', 'locked'])) },
    {
      label: t('session.summaryShare'),
      value: expected === 0 ? '–' : `${Math.round((attended / expected) * 100)} %`,
    },
  ];
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm" mb="lg">
      {figures.map(({ label, value }) => (
        <Paper key={label} px="md" py="sm">
          <Text size="xs" c="dimmed">
            {label}
          </Text>
          <Text className="numbers" fz={24} fw={650} lh={1.25}>
            {value}
          </Text>
        </Paper>
      ))}
    </SimpleGrid>
  );
}

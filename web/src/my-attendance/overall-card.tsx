/** All courses together, and how many need attention. */
import { Alert, Group, Paper, RingProgress, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { StudentStatistics } from '../api/types.ts';
import { showMoment } from '../shared/times.ts';
import { useZone } from '../shared/use-zone.ts';
import { isShort } from '../shared/is-short.ts';

/** The card. Percentages are printed as the API gives them, never computed again. */
export function OverallCard({ statistics }: { readonly statistics: StudentStatistics }) {
  const { t } = useTranslation();
  const zone = useZone();
  const { overall, courses, as_of: asOf, threshold_percent: threshold } = statistics;
  const below = courses.filter(({ verdict }) => isShort(verdict)).length;
  return (
    <Paper p="md">
      <Group gap="lg" wrap="wrap">
        <Ring overall={overall} />
        <Stack gap={2} flex={1} miw={180}>
          <Text fw={620}>{t('mine.overall')}</Text>
          <Text size="sm" className="numbers">
            {overall.held === 0
              ? t('mine.noClasses')
              : t('mine.ofClasses', { attended: overall.attended, held: overall.held })}
          </Text>
          <Text size="sm" className="numbers">
            {t('mine.threshold', { percent: threshold })}
          </Text>
          <Text size="xs" c="dimmed">
            {t('mine.asOf', { time: showMoment(asOf, zone) })}
          </Text>
        </Stack>
        {below === 0 ? null : (
          <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} py="xs">
            {t('mine.below', { count: below })}
          </Alert>
        )}
      </Group>
    </Paper>
  );
}

function Ring({ overall }: Pick<StudentStatistics, 'overall'>) {
  const { t } = useTranslation();
  const { shown, value_bp: basisPoints } = overall;
  return (
    <RingProgress
      size={116}
      thickness={9}
      roundCaps
      role="img"
      aria-label={shown === null ? t('mine.noClasses') : t('mine.ringOverall', { percent: shown })}
      sections={[{ value: (basisPoints ?? 0) / 100, color: 'var(--mantine-primary-color-filled)' }]}
      label={
        <Text ta="center" fw={650} className="numbers" aria-hidden>
          {shown === null ? '–' : `${shown}\u00a0%`}
        </Text>
      }
    />
  );
}

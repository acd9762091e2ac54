/** The exit scan, where the time stayed counts; where it cannot start, why. */
import { Button, Text } from '@mantine/core';
import { IconDoorExit } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { ExitScan } from '../api/presence-checks.ts';
import type { Session } from '../api/types.ts';
import { FormFailure } from '../shared/form-failure.tsx';
import { LoadFailed } from '../shared/states.tsx';
import { useIsAhead } from '../shared/time-left.tsx';
import { showTime } from '../shared/times.ts';
import { useExitScan } from './use-checks.ts';

interface PartProps {
  readonly session: Session;
}

/** The part. */
export function ExitPart({ session }: PartProps) {
  const { t } = useTranslation();
  const { exit, start } = useExitScan(session.id);
  return (
    <div className="checks-part">
      <Text component="h3" className="checks-name">
        {t('presenceChecks.exit')}
      </Text>
      {exit.data === undefined ? (
        exit.error === null ? null : (
          <LoadFailed error={exit.error} onRetry={() => void exit.refetch()} />
        )
      ) : (
        <Standing
          exit={exit.data}
          session={session}
          isStarting={start.isPending}
          onStart={() => start.mutate()}
        />
      )}
      <FormFailure error={start.error} />
    </div>
  );
}

interface StandingProps extends PartProps {
  readonly exit: ExitScan;
  readonly isStarting: boolean;
  readonly onStart: () => void;
}

function Standing({ exit, session, isStarting, onStart }: StandingProps) {
  const { t } = useTranslation();
  const isAhead = useIsAhead(exit.startsAtMs);
  const { timezone: zone } = session;
  if (!exit.stay_counts) return <Text size="sm">{t('presenceChecks.exitNone')}</Text>;
  if (exit.started_at !== null) {
    const time = showTime(exit.started_at, zone);
    return <Text size="sm">{t('presenceChecks.exitRunning', { time })}</Text>;
  }
  return (
    <>
      <Text size="sm" c="dimmed">
        {t('presenceChecks.exitLead')}
      </Text>
      {session.status === 'open' ? (
        isAhead ? (
          <Text size="sm">
            {t('presenceChecks.exitFrom', { time: showTime(exit.starts_at, zone) })}
          </Text>
        ) : (
          <Button
            size="sm"
            variant="light"
            leftSection={<IconDoorExit size={17} aria-hidden />}
            className="checks-button"
            loading={isStarting}
            onClick={onStart}
          >
            {t('presenceChecks.exitStart')}
          </Button>
        )
      ) : (
        <Text size="sm">{t('presenceChecks.exitNeedsOpen')}</Text>
      )}
    </>
  );
}

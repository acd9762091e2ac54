/** The re-check: started by a word, watched while students scan again, and what came of it. */
import { Button, Group, Modal, Progress, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconScan } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Recheck } from '../api/presence-checks.ts';
import type { Session } from '../api/types.ts';
import { FormFailure } from '../shared/form-failure.tsx';
import { LoadFailed } from '../shared/states.tsx';
import { TimeLeft, useIsAhead } from '../shared/time-left.tsx';
import type { RollViews } from './presence-checks.tsx';
import { useRecheck } from './use-checks.ts';

interface PartProps {
  readonly session: Session;
}

type RecheckPartProps = PartProps & Pick<RollViews, 'isFlaggedFirst' | 'showFlaggedFirst'>;

/** The part. */
export function RecheckPart(props: RecheckPartProps) {
  const { session } = props;
  const { t } = useTranslation();
  const { recheck } = useRecheck(session.id);
  return (
    <div className="checks-part">
      <Text component="h3" className="checks-name">
        {t('presenceChecks.recheck')}
      </Text>
      {recheck.data === undefined ? (
        recheck.error === null ? null : (
          <LoadFailed error={recheck.error} onRetry={() => void recheck.refetch()} />
        )
      ) : (
        <Standing {...props} recheck={recheck.data} />
      )}
    </div>
  );
}

interface StandingProps extends RecheckPartProps {
  readonly recheck: Recheck;
}

function Standing({ recheck, session, isFlaggedFirst, showFlaggedFirst }: StandingProps) {
  const { t } = useTranslation();
  const { status, picked, passed, missed } = recheck;
  switch (status) {
    case 'none':
    case 'planned':
      return (
        <>
          <Text size="sm" c="dimmed">
            {t('presenceChecks.recheckLead')}{' '}
            {t(`presenceChecks.${status === 'planned' ? 'recheckPlanned' : 'recheckOnce'}`)}
          </Text>
          {session.status === 'open' ? (
            <StartRecheck session={session} size="sm" />
          ) : (
            <Text size="sm">{t('presenceChecks.recheckNeedsOpen')}</Text>
          )}
        </>
      );
    case 'running':
      return <Running recheck={recheck} />;
    case 'settled':
      return (
        <div
          className={`alert-bar tone-${missed === 0 ? 'present' : 'absent'}`}
          data-testid="recheck-result"
        >
          <div className="alert-bar-words">
            <strong>
              {missed === 0
                ? t('presenceChecks.allPassed', { count: passed })
                : t('presenceChecks.missed', { count: missed, picked })}
            </strong>
            {missed === 0 ? null : <div>{t('presenceChecks.missedHint')}</div>}
          </div>
          {missed === 0 || isFlaggedFirst ? null : (
            <Button size="xs" variant="default" onClick={showFlaggedFirst}>
              {t('presenceChecks.flaggedFirst')}
            </Button>
          )}
        </div>
      );
    case 'cancelled':
      return <Text size="sm">{t('presenceChecks.cancelled')}</Text>;
    default:
      return status satisfies never;
  }
}

function Running({ recheck: { picked, passed, endsAtMs } }: { readonly recheck: Recheck }) {
  const { t } = useTranslation();
  const isAhead = useIsAhead(endsAtMs);
  const words = t('presenceChecks.passed', { passed, picked });
  return (
    <div data-testid="recheck-running">
      <Group justify="space-between" mb={6}>
        <Text fw={600} role="status" className="numbers">
          {words}
        </Text>
        {isAhead ? (
          <Text fw={600} className="checks-left">
            <TimeLeft untilMs={endsAtMs} />
          </Text>
        ) : null}
      </Group>
      <Progress
        value={picked === 0 ? 0 : (passed / picked) * 100}
        size="md"
        aria-label={words}
        color="teal"
      />
      {isAhead ? null : (
        <Text size="sm" c="dimmed" mt={6}>
          {t('presenceChecks.over')}
        </Text>
      )}
    </div>
  );
}

interface StartProps extends PartProps {
  readonly size: 'xs' | 'sm';
}

/** The button and its question; nothing where the class had its re-check, or is not open. */
export function StartRecheck({ session, size }: StartProps) {
  const { t } = useTranslation();
  const [isAsking, ask] = useDisclosure(false);
  const { recheck, start } = useRecheck(session.id);
  const status = recheck.data?.status;
  const mayStart = session.status === 'open' && (status === 'none' || status === 'planned');
  if (!mayStart) return null;
  return (
    <>
      <Button
        size={size}
        variant="light"
        leftSection={<IconScan size={17} aria-hidden />}
        className="checks-button"
        onClick={() => {
          start.reset();
          ask.open();
        }}
      >
        {t('presenceChecks.start')}
      </Button>
      <Modal
        opened={isAsking}
        onClose={ask.close}
        title={t('presenceChecks.askStart')}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        <Stack>
          <Text size="sm">{t('presenceChecks.askStartText')}</Text>
          <FormFailure error={start.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={ask.close}>
              {t('common.cancel')}
            </Button>
            <Button
              onClick={() => start.mutate(undefined, { onSuccess: ask.close })}
              loading={start.isPending}
              data-autofocus
            >
              {t('presenceChecks.confirmStart')}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

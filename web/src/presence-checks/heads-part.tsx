/** The head count: a number, what it says beside the marks, and who counted before. */
import { Button, Group, NumberInput, Text } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { HeadCount } from '../api/presence-checks.ts';
import type { Session } from '../api/types.ts';
import { useUser } from '../app-context.ts';
import { FormFailure } from '../shared/form-failure.tsx';
import { fullName } from '../shared/person-name.ts';
import { LoadFailed } from '../shared/states.tsx';
import { showTime } from '../shared/times.ts';
import type { RollViews } from './presence-checks.tsx';
import { StartRecheck } from './recheck-part.tsx';
import { useHeadCounts } from './use-checks.ts';

const HEADS_MAX = 5_000;

interface HeadsProps extends RollViews {
  readonly session: Session;
}

/** The part. */
export function HeadsPart({ session, ...views }: HeadsProps) {
  const { t } = useTranslation();
  const { counts, add } = useHeadCounts(session.id);
  const [heads, setHeads] = useState<number | string>('');
  const [isWrong, setWrong] = useState(false);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const isWhole = typeof heads === 'number' && Number.isInteger(heads);
    setWrong(!isWhole);
    if (!isWhole) return;
    add.mutate(heads, {
      onSuccess: ({ outcome }) => {
        setHeads('');
        if (outcome === 'headcount_excess') views.showFlaggedFirst();
      },
    });
  };
  const [last] = counts.data ?? [];
  return (
    <div className="checks-part">
      <Text component="h3" className="checks-name">
        {t('presenceChecks.heads')}
      </Text>
      <Text size="sm" c="dimmed">
        {t('presenceChecks.headsLead')}
      </Text>
      <form onSubmit={submit} noValidate>
        <Group align="flex-start" gap="xs" wrap="nowrap" className="checks-form">
          <NumberInput
            aria-label={t('presenceChecks.headsField')}
            placeholder={t('presenceChecks.headsField')}
            value={heads}
            onChange={(next) => {
              setHeads(next);
              setWrong(false);
            }}
            error={isWrong ? t('presenceChecks.headsWrong') : null}
            min={0}
            max={HEADS_MAX}
            clampBehavior="strict"
            allowDecimal={false}
            allowNegative={false}
            hideControls
            inputMode="numeric"
          />
          <Button type="submit" variant="light" loading={add.isPending}>
            {t('presenceChecks.compare')}
          </Button>
        </Group>
      </form>
      <FormFailure error={add.error} />
      {counts.error === null ? null : (
        <LoadFailed error={counts.error} onRetry={() => void counts.refetch()} />
      )}
      <div role="status">{last ? <Outcome count={last} session={session} {...views} /> : null}</div>
      {counts.data === undefined || counts.data.length === 0 ? null : (
        <History counts={counts.data} zone={session.timezone} />
      )}
    </div>
  );
}

interface OutcomeProps extends HeadsProps {
  readonly count: HeadCount;
}

function Outcome({ count, session, ...views }: OutcomeProps) {
  const { t } = useTranslation();
  const { outcome, heads, marked, tolerance } = count;
  const tone = outcome === 'ok' ? 'present' : 'absent';
  return (
    <div className={`alert-bar tone-${tone}`} data-testid="head-count" data-outcome={outcome}>
      <div className="alert-bar-words">
        <strong>
          {t(`presenceChecks.outcome.${outcome}`, {
            heads,
            marked,
            count: Math.abs(marked - heads),
          })}
        </strong>
        <div>
          {outcome === 'ok'
            ? t('presenceChecks.tolerance', { count: tolerance })
            : t(`presenceChecks.${outcome === 'headcount_excess' ? 'excessHint' : 'shortHint'}`)}
        </div>
      </div>
      {outcome === 'headcount_excess' ? (
        <Group gap="xs">
          {views.isFlaggedFirst ? null : (
            <Button size="xs" variant="default" onClick={views.showFlaggedFirst}>
              {t('presenceChecks.flaggedFirst')}
            </Button>
          )}
          <StartRecheck session={session} size="xs" />
        </Group>
      ) : null}
      {outcome === 'headcount_short' ? (
        <Button size="xs" variant="default" onClick={views.showMissing}>
          {t(`presenceChecks.${views.missing === 'absent' ? 'showAbsent' : 'showUnmarked'}`)}
        </Button>
      ) : null}
    </div>
  );
}

interface HistoryProps {
  readonly counts: readonly HeadCount[];
  readonly zone: string;
}

function History({ counts, zone }: HistoryProps) {
  const { t } = useTranslation();
  const user = useUser();
  return (
    <div>
      <Text size="sm" fw={560} mb={4}>
        {t('presenceChecks.history')}
      </Text>
      <ul className="checks-history">
        {counts.map(({ id, heads, marked, outcome, counted_by: by, counted_at: at }) => (
          <li key={id}>
            <span className="numbers">
              {t('presenceChecks.historyRow', { heads, marked })}
              {' · '}
              {t(`presenceChecks.summary.${outcome}`)}
            </span>
            <span className="checks-by numbers">
              {t('presenceChecks.historyBy', {
                name: by.id === user.id ? t('presenceChecks.you') : fullName(by),
                time: showTime(at, zone),
              })}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

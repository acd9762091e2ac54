/** The checks of a running class that need no hardware, for its staff: a fold above the roll. */
import { Collapse, Paper } from '@mantine/core';
import { IconChevronDown, IconUsersGroup } from '@tabler/icons-react';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Session } from '../api/types.ts';
import { TimeLeft } from '../shared/time-left.tsx';
import { ExitPart } from './exit-part.tsx';
import { HeadsPart } from './heads-part.tsx';
import './presence-checks.css';
import { RecheckPart } from './recheck-part.tsx';
import { useHeadCounts, useRecheck, useWatchedChecks } from './use-checks.ts';

/** What the roll below can do about a finding. */
export interface RollViews {
  readonly isFlaggedFirst: boolean;
  readonly showFlaggedFirst: () => void;
  /** Those without a mark, or the absent ones where everybody has one. */
  readonly missing: 'unmarked' | 'absent';
  readonly showMissing: () => void;
}

interface ChecksProps extends RollViews {
  readonly session: Session;
}

/** The fold; its head says what stands and what runs. */
export function PresenceChecks({ session, ...views }: ChecksProps) {
  const { t } = useTranslation();
  const body = useId();
  const [isOpen, setOpen] = useState(false);
  useWatchedChecks(session);
  const { counts } = useHeadCounts(session.id);
  const { recheck } = useRecheck(session.id);
  const [last] = counts.data ?? [];
  const running = recheck.data?.status === 'running' ? recheck.data : null;

  return (
    <Paper component="section" className="checks no-print" aria-label={t('presenceChecks.title')}>
      <button
        type="button"
        className="checks-head"
        aria-expanded={isOpen}
        aria-controls={body}
        onClick={() => setOpen((before) => !before)}
      >
        <IconUsersGroup size={19} stroke={1.8} aria-hidden />
        <span className="checks-title">{t('presenceChecks.title')}</span>
        <span className="checks-summary">
          {running === null ? null : (
            <span className="chip tone-late">
              {t('presenceChecks.recheck')} <TimeLeft untilMs={running.endsAtMs} />
            </span>
          )}
          {last ? (
            <span className={`chip tone-${last.outcome === 'ok' ? 'present' : 'absent'}`}>
              {t(`presenceChecks.summary.${last.outcome}`)}
            </span>
          ) : null}
        </span>
        <IconChevronDown size={18} className="checks-arrow" aria-hidden />
      </button>
      <Collapse expanded={isOpen} id={body}>
        <div className="checks-parts">
          <HeadsPart session={session} {...views} />
          <RecheckPart session={session} {...views} />
          <ExitPart session={session} />
        </div>
      </Collapse>
    </Paper>
  );
}

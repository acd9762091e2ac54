/** The sessions of a day: a teacher's classes, a student's timetable, an overview for the office. */
import { Button, SimpleGrid } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconCalendarOff, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import type { Session } from '../api/types.ts';
import { useUser } from '../app-context.ts';
import { PageHeader } from '../shared/page-header.tsx';
import { Empty, LoadFailed, LoadingCards } from '../shared/states.tsx';
import { browserZone, dateIn, showDate } from '../shared/times.ts';
import { useKnownZone } from '../shared/use-zone.ts';
import { rightsOf } from '../shell/rights.ts';
import { CreateSessionDialog } from './create-session-dialog.tsx';
import { DayPicker } from './day-picker.tsx';
import { DaySummary } from './day-summary.tsx';
import { filterSessions, NO_FILTER, SessionFilterBar } from './session-filter.tsx';
import { SessionCard } from './session-card.tsx';
import { useDaySessions } from './use-day-sessions.ts';
import { useLiveSessions } from './use-live-sessions.ts';
import { useOwnMarks } from './use-own-marks.ts';

/** The page of a day; the day is part of the address. */
export function SessionsPage() {
  const { t } = useTranslation();
  const user = useUser();
  const rights = rightsOf(user);
  const zone = useKnownZone();
  const today = zone === undefined ? undefined : dateIn(zone);
  const [parameters, setParameters] = useSearchParams();
  const [isCreating, creating] = useDisclosure(false);
  const date = parameters.get('day') ?? today;
  const showDay = (day: string): void => {
    setParameters(day === today ? {} : { day }, { replace: true });
  };

  return (
    <>
      <PageHeader
        title={t(titleOf(rights))}
        lead={date === undefined ? null : <Lead date={date} today={today} zone={zone} />}
        actions={
          <>
            <DayPicker date={date} today={today} onChange={showDay} />
            {rights.createsSessions ? (
              <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={creating.open}>
                {t('session.create')}
              </Button>
            ) : null}
          </>
        }
      />
      <Day date={date} />
      <CreateSessionDialog
        isOpen={isCreating}
        onClose={creating.close}
        onCreated={(session) => showDay(session.scheduled_date)}
      />
    </>
  );
}

function titleOf({ isStudent, overseesSessions }: ReturnType<typeof rightsOf>) {
  if (overseesSessions) return 'session.titleAll' as const;
  return isStudent ? ('session.titleStudent' as const) : ('session.titleOwn' as const);
}

interface LeadProps {
  readonly date: string;
  readonly today: string | undefined;
  readonly zone: string | undefined;
}

function Lead({ date, today, zone }: LeadProps) {
  const { t } = useTranslation();
  const words = showDate(date, 'long');
  const isElsewhere = zone !== undefined && zone !== browserZone();
  return (
    <>
      {date === today ? t('session.leadToday', { date: words }) : words}
      {isElsewhere ? ` · ${t('session.zoneNote', { zone })}` : null}
    </>
  );
}

function Day({ date }: { readonly date: string | undefined }) {
  const { t } = useTranslation();
  const user = useUser();
  const rights = rightsOf(user);
  const [filter, setFilter] = useState(NO_FILTER);
  const { data, error, refetch, isPlaceholderData } = useDaySessions(user, date);
  useLiveSessions(data ?? []);
  const ownMarks = useOwnMarks(date, data ?? []);

  if (error !== null && data === undefined) {
    return <LoadFailed error={error} onRetry={() => void refetch()} />;
  }
  if (data === undefined || isPlaceholderData) return <LoadingCards count={4} />;
  if (data.length === 0) {
    return (
      <Empty
        icon={IconCalendarOff}
        title={t('session.emptyTitle')}
        text={t(rights.isStudent ? 'session.emptyStudent' : 'session.emptyOwn')}
      />
    );
  }
  const shown = filterSessions(data, filter);
  return (
    <>
      {rights.isStudent ? null : <DaySummary sessions={data} />}
      {rights.overseesSessions ? (
        <SessionFilterBar filter={filter} onChange={setFilter} sessions={data} />
      ) : null}
      {shown.length === 0 ? (
        <Empty
          icon={IconCalendarOff}
          title={t('session.emptyTitle')}
          text={t('session.emptyFiltered')}
          action={
            <Button variant="light" onClick={() => setFilter(NO_FILTER)}>
              {t('session.clearFilters')}
            </Button>
          }
        />
      ) : (
        <SessionGrid sessions={shown} ownMarks={ownMarks} />
      )}
    </>
  );
}

interface SessionGridProps {
  readonly sessions: readonly Session[];
  readonly ownMarks: ReturnType<typeof useOwnMarks>;
}

function SessionGrid({ sessions, ownMarks }: SessionGridProps) {
  return (
    <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }} spacing="md">
      {sessions.map((session) => (
        <SessionCard key={session.id} session={session} ownMark={ownMarks?.get(session.id)} />
      ))}
    </SimpleGrid>
  );
}

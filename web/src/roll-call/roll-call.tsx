/** The roll of a class, to be marked by click, touch or keyboard. */
import { Alert, Stack, Text } from '@mantine/core';
import { IconInfoCircle, IconMoodEmpty, IconUsers } from '@tabler/icons-react';
import { useDisclosure } from '@mantine/hooks';
import { useCallback, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Fallback, RollMark, RosterRow, Session } from '../api/types.ts';
import { RecordHistoryDrawer, type HistorySubject } from '../records/record-history.tsx';
import { PresenceChecks } from '../presence-checks/presence-checks.tsx';
import { ConfirmDialog } from '../shared/confirm-dialog.tsx';
import { notifyNews } from '../shared/notify.ts';
import { fullName } from '../shared/person-name.ts';
import { Empty } from '../shared/states.tsx';
import { showDistance } from '../shared/times.ts';
import { FallbackDialog } from './fallback-dialog.tsx';
import { HelpDialog } from './help-dialog.tsx';
import { LeaveDialog } from './leave-dialog.tsx';
import type { Marking, MarkingState } from './marking.ts';
import {
  doubtOf,
  narrowRoll,
  waitingOf,
  WHOLE_ROLL,
  type GridEntry,
  type RollEntry,
  type RollView,
} from './narrow-roll.ts';
import { ReasonDialog } from './reason-dialog.tsx';
import { CountsFilter, RollTools } from './roll-tools.tsx';
import { countRows } from './roster-cache.ts';
import { focusStudent, StudentGrid } from './student-grid.tsx';
import { UnsentNotice } from './unsent-notice.tsx';
import { useAskedHistory } from './use-asked-history.ts';
import { usePageKeys } from './use-page-keys.ts';
import { useRest, type TheRest } from './use-rest.ts';
import { WaitingNotice } from './waiting-notice.tsx';

interface RollCallProps {
  readonly session: Session;
  readonly rows: readonly RosterRow[];
  /** The last event by others of each student. */
  readonly newsOf: ReadonlyMap<string, number>;
  readonly marking: Marking;
  readonly state: MarkingState;
}

/** Numbers, filters and the grid. */
export function RollCall({ session, rows, newsOf, marking, state }: RollCallProps) {
  const { t } = useTranslation();
  const [view, setView] = useState(WHOLE_ROLL);
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [announcement, setAnnouncement] = useState('');
  const history = useAskedHistory();
  const [unscanned, setUnscanned] = useState<string | null>(null);
  const [isHelping, help] = useDisclosure(false);
  const [isAskingRest, askRest] = useDisclosure(false);
  const search = useRef<HTMLInputElement>(null);
  const rest = useRest(session.id, marking);

  const entries = useMemo(
    () => entriesOf(rows, state, newsOf, rest.isPending),
    [rows, state, newsOf, rest.isPending],
  );
  const counts = countRows(entries);
  // A mentor sees some rows only; the numbers of the class come from the server then.
  const shownCounts = counts.roster === session.counts.roster ? counts : session.counts;
  const waiting = entries.filter((entry) => entry.waiting !== null);
  const shown = narrowRoll(entries, view, touched);
  const { mark: canMark } = session.can;
  const missing = counts.unmarked > 0 ? 'unmarked' : 'absent';

  const changeView = (next: RollView): void => {
    setView(next);
    setTouched(new Set());
  };
  const giveMark = useCallback(
    (entry: RollEntry, mark: RollMark, fallback: Fallback | null): void => {
      const { student } = entry;
      const isSame = entry.mark === mark && entry.fallback === fallback;
      // The same mark once more answers what waits.
      if (!canMark || (isSame && entry.waiting === null)) return;
      setTouched((held) => new Set(held).add(student.id));
      setAnnouncement(t('rollCall.announce', { name: fullName(student), mark: t(`mark.${mark}`) }));
      marking.mark(student.id, mark, fallback);
    },
    [canMark, marking, t],
  );
  // What was chosen stays with the student while the mark is one of presence.
  const onMark = useCallback(
    (entry: RollEntry, mark: RollMark) =>
      giveMark(entry, mark, mark === 'absent' ? null : entry.fallback),
    [giveMark],
  );
  const focusFirst = (): void => {
    const [first] = shown;
    if (first) focusStudent(first.student.id);
  };
  usePageKeys({ search: () => search.current?.focus(), help: help.open });

  if (rows.length === 0) {
    return (
      <Empty icon={IconUsers} title={t('rollCall.emptyTitle')} text={t('rollCall.emptyText')} />
    );
  }
  return (
    <Stack gap="sm">
      <WhyNot session={session} />
      {canMark ? (
        <PresenceChecks
          session={session}
          isFlaggedFirst={view.order === 'flag' && view.filter === 'all'}
          showFlaggedFirst={() => changeView({ ...WHOLE_ROLL, order: 'flag' })}
          missing={missing}
          showMissing={() => changeView({ ...WHOLE_ROLL, filter: missing })}
        />
      ) : null}
      <RollTools
        view={view}
        onChange={changeView}
        searchInput={search}
        onLeaveSearch={focusFirst}
        canMark={canMark}
        unmarked={counts.unmarked}
        isMarkingRest={rest.isPending}
        onRest={askRest.open}
        onHelp={help.open}
      />
      <CountsFilter
        session={session}
        counts={shownCounts}
        waiting={waiting.length}
        view={view}
        onChange={changeView}
      />
      {canMark ? (
        <WaitingNotice
          waiting={waiting}
          isShown={view.filter === 'waiting'}
          onShow={() => changeView({ ...WHOLE_ROLL, filter: 'waiting' })}
        />
      ) : null}
      <UnsentNotice state={state} rows={rows} marking={marking} />
      {shown.length === 0 ? (
        <Empty
          icon={IconMoodEmpty}
          title={t('rollCall.noMatchTitle')}
          text={t('rollCall.noMatchText')}
        />
      ) : (
        <StudentGrid
          entries={shown}
          canMark={canMark}
          asksWhy={session.shows_codes}
          onMark={onMark}
          onUnscanned={setUnscanned}
          onHistory={history.ask}
          onExcused={() => notifyNews(t('rollCall.excusedElsewhere'))}
        />
      )}
      <div className="hidden-visually" role="status" aria-live="polite">
        {announcement}
      </div>
      <RecordHistoryDrawer
        subject={subjectOf(rows, session, history.asked)}
        zone={session.timezone}
        onClose={history.close}
      />
      <FallbackDialog
        entry={entries.find(({ student }) => student.id === unscanned) ?? null}
        onChoose={giveMark}
        onClose={() => setUnscanned(null)}
      />
      <HelpDialog isOpen={isHelping} onClose={help.close} />
      <ConfirmDialog
        isOpen={isAskingRest}
        title={t('rollCall.askRest', { count: counts.unmarked })}
        text={t('rollCall.askRestText')}
        action={t('rollCall.confirmRest')}
        // Single marks are still under way; the rest is who remains after them.
        isWaiting={state.unsent.size > 0}
        onClose={askRest.close}
        onConfirm={() => rest.markRest(restOf(rows, entries))}
      />
      <ReasonDialog asked={state.asked} rows={rows} marking={marking} />
      <LeaveDialog hasUnsent={state.unsent.size > 0} count={state.unsent.size} />
    </Stack>
  );
}

/** Whoever has no mark on this screen, with what waits of them. */
function restOf(rows: readonly RosterRow[], entries: readonly GridEntry[]): TheRest {
  const students = entries.filter(({ mark }) => mark === null).map(({ student }) => student.id);
  const unmarked = new Set(students);
  const waiting = rows.filter(({ student }) => unmarked.has(student.id));
  const acks = waiting.flatMap((row) => row.waiting.map((claim) => claim.op_id));
  return { students, acks };
}

function entriesOf(
  rows: readonly RosterRow[],
  { unsent, failures }: MarkingState,
  newsOf: ReadonlyMap<string, number>,
  isMarkingRest: boolean,
): readonly GridEntry[] {
  return rows.map(({ student, record, waiting }) => {
    const stored = record?.mark ?? null;
    const isRest = isMarkingRest && stored === null;
    const held = unsent.get(student.id);
    const sent = held?.mark ?? (isRest ? 'present' : undefined);
    return {
      student,
      mark: sent ?? stored,
      fallback: held === undefined ? (record?.fallback ?? null) : held.fallback,
      waiting: sent === undefined ? waitingOf(waiting) : null,
      isUnscanned: stored === null || record?.source === 'manual',
      source: sent === undefined && stored !== null ? (record?.source ?? null) : null,
      doubt: doubtOf(record?.flags ?? []),
      hasHistory: record !== null,
      isSending: sent !== undefined,
      failure: failures.get(student.id)?.detail ?? null,
      news: newsOf.get(student.id) ?? 0,
    };
  });
}

function subjectOf(
  rows: readonly RosterRow[],
  session: Session,
  asked: string | null,
): HistorySubject | null {
  const row = asked === null ? undefined : rows.find(({ student }) => student.id === asked);
  if (!row) return null;
  const { student, record } = row;
  return {
    // A record first heard of live has no id yet.
    id: record?.id || null,
    session: session.id,
    student: student.id,
    version: record?.version ?? 0,
    name: `${fullName(student)} · ${student.roll_number}`,
  };
}

/** Why the roll cannot be marked, or what still can. */
function WhyNot({ session }: { readonly session: Session }) {
  const { t } = useTranslation();
  const { can, status, opens_at: opensAt } = session;
  const text = ((): string | null => {
    if (can.mark) return status === 'closed' ? t('rollCall.closedNote') : null;
    if (status === 'scheduled')
      return t('rollCall.readOnlyScheduled', { time: showDistance(opensAt) });
    if (status === 'locked') return t('rollCall.readOnlyLocked');
    return t(status === 'cancelled' ? 'rollCall.readOnlyCancelled' : 'rollCall.readOnly');
  })();
  if (text === null) return null;
  return (
    <Alert color="gray" variant="light" icon={<IconInfoCircle aria-hidden />} py={8}>
      <Text size="sm">{text}</Text>
    </Alert>
  );
}

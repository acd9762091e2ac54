/** One session as a card: what, when, where, how it stands, what can be done. */
import { Badge, Button, Group, Paper, Stack, Text } from '@mantine/core';
import { IconChevronRight, IconClock, IconMapPin, IconQrcode, IconUser } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Mark, Session } from '../api/types.ts';
import { useUser } from '../app-context.ts';
import { ConflictCount } from '../conflicts/conflict-count.tsx';
import { MarkChip, SessionChip } from '../shared/chips.tsx';
import { CountsBar } from '../shared/counts-bar.tsx';
import { fullName } from '../shared/person-name.ts';
import { showDistance, showTime } from '../shared/times.ts';
import { useNow } from '../shared/use-now.ts';
import { isOpen } from './is-open.ts';
import './session-card.css';
import { SessionMenu } from './session-menu.tsx';

interface SessionCardProps {
  readonly session: Session;
  /** A student's own mark; undefined when the reader is no student or has none. */
  readonly ownMark: Mark | null | undefined;
}

/** The card. */
export function SessionCard({ session, ownMark }: SessionCardProps) {
  const { t } = useTranslation();
  const user = useUser();
  const { course, section_name: section } = session.course_section;
  const isCancelled = session.status === 'cancelled';
  return (
    <Paper
      component="article"
      className="session-card"
      data-status={session.status}
      aria-label={`${course.code} ${course.name}, ${section}`}
    >
      <Stack gap="sm" h="100%">
        <Group justify="space-between" align="flex-start" wrap="nowrap" gap="xs">
          <div className="session-card-title">
            <Text size="sm" c="dimmed">
              {course.code} · {section} · {t(`component.${session.component}`)}
            </Text>
            <Text
              component="h2"
              fw={620}
              fz="md"
              lh={1.3}
              m={0}
              td={isCancelled ? 'line-through' : ''}
            >
              {course.name}
            </Text>
          </div>
          <Group gap={4} wrap="nowrap">
            <SessionChip status={session.status} />
            <SessionMenu session={session} />
          </Group>
        </Group>
        <Facts session={session} isOwn={session.faculty.id === user.faculty_id} />
        <div className="session-card-space" />
        {user.student_id === null ? (
          <ClassState session={session} />
        ) : (
          <OwnState session={session} mark={ownMark} />
        )}
      </Stack>
    </Paper>
  );
}

function Facts({ session, isOwn }: { readonly session: Session; readonly isOwn: boolean }) {
  const { t } = useTranslation();
  const { timezone: zone } = session;
  return (
    <ul className="session-facts numbers">
      <li>
        <IconClock size={16} stroke={1.8} aria-hidden />
        {showTime(session.start_datetime, zone)} – {showTime(session.end_datetime, zone)}
      </li>
      <li>
        <IconMapPin size={16} stroke={1.8} aria-hidden />
        {t('session.inRoom', { room: session.room })}
      </li>
      {isOwn ? null : (
        <li>
          <IconUser size={16} stroke={1.8} aria-hidden />
          {fullName(session.faculty)}
        </li>
      )}
      {session.kind === 'regular' ? null : (
        <li>
          <Badge size="sm" variant="light" color="gray">
            {session.kind === 'merged' ? t('session.kind.merged') : t('session.kind.make_up')}
          </Badge>
        </li>
      )}
    </ul>
  );
}

/** What comes next for this session, in words. */
function NextStep({ session }: { readonly session: Session }) {
  const { t } = useTranslation();
  const now = useNow();
  const { status } = session;
  if (status === 'scheduled' && session.auto_open) {
    return t('session.opensIn', { time: showDistance(session.opens_at, now) });
  }
  if (status === 'open')
    return t('session.closesIn', { time: showDistance(session.closes_at, now) });
  if (status === 'closed' && !session.taken) return t('session.notTaken');
  return null;
}

function ClassState({ session }: { readonly session: Session }) {
  const { t } = useTranslation();
  const { counts } = session;
  const hasMarks = counts.unmarked < counts.roster;
  const isTaking = session.status === 'open' && session.can.mark;
  return (
    <Stack gap={10}>
      {hasMarks ? <CountsBar counts={counts} /> : null}
      <ConflictCount session={session} />
      <Group justify="space-between" align="center" wrap="nowrap" gap="sm">
        <div>
          <Text size="sm" className="numbers" fw={560} data-testid="attended">
            {hasMarks
              ? t('session.attended', {
                  attended: session.attendance_count,
                  roster: counts.roster,
                })
              : t('common.studentsCount', { count: counts.roster })}
          </Text>
          <Text size="xs" c="dimmed">
            <NextStep session={session} />
          </Text>
        </div>
        <Button
          component={Link}
          to={`/sessions/${session.id}`}
          size="xs"
          variant={isTaking ? 'filled' : 'default'}
          rightSection={<IconChevronRight size={15} aria-hidden />}
        >
          {t(isTaking ? 'session.takeRoll' : 'session.viewRoll')}
        </Button>
      </Group>
    </Stack>
  );
}

interface OwnStateProps {
  readonly session: Session;
  readonly mark: Mark | null | undefined;
}

/** The own mark, the way to the class and, while a scan is of use, to the scanner. */
function OwnState({ session, mark }: OwnStateProps) {
  const { t } = useTranslation();
  const now = useNow();
  const isUnmarked = mark === undefined || mark === null;
  const takesScans = isOpen(session, now);
  const isOver = session.status === 'closed' || session.status === 'locked';
  const address = `/sessions/${session.id}`;
  return (
    <Stack gap={10}>
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Text size="xs" c="dimmed">
          <NextStep session={session} />
        </Text>
        {!isUnmarked || session.status === 'open' || isOver ? (
          <Group gap={8} wrap="nowrap" data-testid="own-mark">
            <Text size="xs" c="dimmed">
              {t('session.yourMark')}
            </Text>
            <MarkChip mark={mark ?? null} />
          </Group>
        ) : null}
      </Group>
      <Group justify="flex-end" gap="xs">
        <Button
          component={Link}
          to={address}
          size="sm"
          variant="default"
          rightSection={<IconChevronRight size={15} aria-hidden />}
        >
          {t('session.viewOwn')}
        </Button>
        {isUnmarked && takesScans ? (
          <Button
            component={Link}
            to={`${address}/scan`}
            size="sm"
            leftSection={<IconQrcode size={17} aria-hidden />}
          >
            {t('scan.open')}
          </Button>
        ) : null}
      </Group>
    </Stack>
  );
}

/** What class this is, how it stands, and the steps the reader may take. */
import { Anchor, Button, Text } from '@mantine/core';
import { IconArrowLeft, IconDoor, IconDoorOff, IconQrcode } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { SessionStep } from '../api/sessions.ts';
import type { Session } from '../api/types.ts';
import { useUser } from '../app-context.ts';
import { ConflictCount } from '../conflicts/conflict-count.tsx';
import { SessionMenu } from '../sessions/session-menu.tsx';
import { StepDialog } from '../sessions/step-dialog.tsx';
import { SessionChip } from '../shared/chips.tsx';
import { PageHeader } from '../shared/page-header.tsx';
import { fullName } from '../shared/person-name.ts';
import { dateIn, showDate, showTime } from '../shared/times.ts';

/** The header. */
export function RollHeader({ session }: { readonly session: Session }) {
  const { t } = useTranslation();
  const { scheduled_date: date, timezone: zone } = session;
  const { course } = session.course_section;
  const isToday = date === dateIn(zone);
  return (
    <>
      <Anchor
        component={Link}
        to={isToday ? '/sessions' : `/sessions?day=${date}`}
        className="roll-back no-print"
        size="sm"
      >
        <IconArrowLeft size={16} aria-hidden />
        {isToday ? t('shell.today') : showDate(date)}
      </Anchor>
      <PageHeader
        title={`${course.code} ${course.name}`}
        lead={<Facts session={session} />}
        actions={
          <>
            <ConflictCount session={session} />
            <SessionChip status={session.status} />
            <CodeButton session={session} />
            <MainStep session={session} />
            <SessionMenu session={session} />
          </>
        }
      />
    </>
  );
}

function Facts({ session }: { readonly session: Session }) {
  const { t } = useTranslation();
  const user = useUser();
  const { timezone: zone } = session;
  const facts = [
    t('common.section', { name: session.course_section.section_name }),
    t('session.inRoom', { room: session.room }),
    showDate(session.scheduled_date),
    `${showTime(session.start_datetime, zone)} – ${showTime(session.end_datetime, zone)}`,
    ...(session.faculty.id === user.faculty_id ? [] : [fullName(session.faculty)]),
  ];
  return (
    <Text component="span" size="sm" className="roll-facts numbers">
      {facts.map((fact) => (
        <span key={fact}>{fact}</span>
      ))}
    </Text>
  );
}

/** To the screen of the room, or to the student's scanner, while the class is open. */
function CodeButton({ session: { id, status, can } }: { readonly session: Session }) {
  const { t } = useTranslation();
  const { student_id: student } = useUser();
  if (status !== 'open' || (!can.mark && student === null)) return null;
  return (
    <Button
      component={Link}
      to={`/sessions/${id}/${can.mark ? 'code' : 'scan'}`}
      size="sm"
      variant={can.mark ? 'default' : 'filled'}
      leftSection={<IconQrcode size={17} aria-hidden />}
    >
      {t(can.mark ? 'display.show' : 'scan.open')}
    </Button>
  );
}

/** The step that comes next in a session's life, as a button; the menu holds all. */
function MainStep({ session }: { readonly session: Session }) {
  const { t } = useTranslation();
  const [step, setStep] = useState<SessionStep | null>(null);
  const next = nextStepOf(session);
  return (
    <>
      {next === null ? null : (
        <Button
          size="sm"
          variant={next.step === 'open' && session.status === 'scheduled' ? 'filled' : 'default'}
          leftSection={
            next.step === 'open' ? (
              <IconDoor size={17} aria-hidden />
            ) : (
              <IconDoorOff size={17} aria-hidden />
            )
          }
          onClick={() => setStep(next.step)}
        >
          {t(`session.${next.text}`)}
        </Button>
      )}
      <StepDialog session={session} step={step} onClose={() => setStep(null)} />
    </>
  );
}

function nextStepOf({
  can,
}: Session): { step: 'open' | 'close'; text: 'open' | 'closeNow' | 'reopen' } | null {
  if (can.open) return { step: 'open', text: 'open' };
  if (can.close) return { step: 'close', text: 'closeNow' };
  return can.reopen ? { step: 'open', text: 'reopen' } : null;
}

/** What the reader may do with a session, as the API allows it now. */
import { ActionIcon, Menu } from '@mantine/core';
import {
  IconArrowBackUp,
  IconBan,
  IconCalendarTime,
  IconDoor,
  IconDoorOff,
  IconDots,
  IconLock,
  IconLockOpen,
} from '@tabler/icons-react';
import type { TablerIcon } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SessionStep } from '../api/sessions.ts';
import type { Session } from '../api/types.ts';
import { useUser } from '../app-context.ts';
import { rightsOf } from '../shell/rights.ts';
import { MoveDialog } from './move-dialog.tsx';
import { StepDialog } from './step-dialog.tsx';
import { UnlockDialog } from './unlock-dialog.tsx';

/** A menu entry: a lifecycle step, moving to another time, or asking to unlock. */
export type SessionAction = SessionStep | 'reschedule' | 'unlock';

interface Entry {
  readonly action: SessionAction;
  readonly text:
    | 'open'
    | 'reopen'
    | 'closeNow'
    | 'lock'
    | 'unlock'
    | 'cancel'
    | 'restore'
    | 'reschedule';
  readonly icon: TablerIcon;
  readonly isHarsh?: boolean;
}

/** The entries the API allows now. */
function entriesOf({ can, status }: Session, asksToUnlock: boolean): readonly Entry[] {
  const entries: readonly (Entry & { readonly isAllowed: boolean })[] = [
    { action: 'open', text: 'open', icon: IconDoor, isAllowed: can.open },
    { action: 'open', text: 'reopen', icon: IconDoor, isAllowed: can.reopen },
    { action: 'close', text: 'closeNow', icon: IconDoorOff, isAllowed: can.close },
    { action: 'restore', text: 'restore', icon: IconArrowBackUp, isAllowed: can.restore },
    {
      action: 'reschedule',
      text: 'reschedule',
      icon: IconCalendarTime,
      isAllowed: can.reschedule,
    },
    {
      action: 'unlock',
      text: 'unlock',
      icon: IconLockOpen,
      isAllowed: status === 'locked' && asksToUnlock,
    },
    { action: 'lock', text: 'lock', icon: IconLock, isAllowed: can.lock, isHarsh: true },
    { action: 'cancel', text: 'cancel', icon: IconBan, isAllowed: can.cancel, isHarsh: true },
  ];
  return entries.filter((entry) => entry.isAllowed);
}

/** The menu and the dialog of the chosen entry. */
export function SessionMenu({ session }: { readonly session: Session }) {
  const { t } = useTranslation();
  const [action, setAction] = useState<SessionAction | null>(null);
  const entries = entriesOf(session, rightsOf(useUser()).asksToUnlock);
  if (entries.length === 0 && action === null) return null;
  const close = (): void => setAction(null);
  const { course, section_name: section } = session.course_section;
  return (
    <>
      <Menu position="bottom-end" shadow="md" radius="md" withinPortal>
        <Menu.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t('session.actions', { name: `${course.code} ${section}` })}
          >
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {entries.map(({ action: to, text, icon: Icon, isHarsh }) => (
            <Menu.Item
              key={text}
              leftSection={<Icon size={17} stroke={1.8} aria-hidden />}
              {...(isHarsh ? { color: 'red' } : {})}
              onClick={() => setAction(to)}
            >
              {t(`session.${text}`)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <MoveDialog session={session} isOpen={action === 'reschedule'} onClose={close} />
      <StepDialog
        session={session}
        step={action === 'reschedule' || action === 'unlock' ? null : action}
        onClose={close}
      />
      <UnlockDialog session={session} isOpen={action === 'unlock'} onClose={close} />
    </>
  );
}

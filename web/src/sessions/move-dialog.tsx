/** Moves a session to another time or room. */
import { Button, Group, Modal, Stack, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldMessages } from '../api/problem.ts';
import { moveSession, type Move } from '../api/sessions.ts';
import type { Session } from '../api/types.ts';
import { useApp } from '../app-context.ts';
import { FormFailure } from '../shared/form-failure.tsx';
import { notifyDone } from '../shared/notify.ts';
import { clockIn, dateIn } from '../shared/times.ts';
import { useIdempotencyKey } from '../shared/use-idempotency-key.ts';
import { RoomSelect } from './room-select.tsx';
import { useSessionCommand } from './use-session-command.ts';
import { instantsOf, WindowFields } from './window-fields.tsx';

interface MoveDialogProps {
  readonly session: Session;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

/** The dialog; its fields start with the present time and room. */
export function MoveDialog({ session, isOpen, onClose }: MoveDialogProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t('session.askMove')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <MoveForm session={session} onClose={onClose} />
    </Modal>
  );
}

function MoveForm({ session, onClose }: Omit<MoveDialogProps, 'isOpen'>) {
  const { t } = useTranslation();
  const { api } = useApp();
  const { timezone: zone } = session;
  const [window, setWindow] = useState({
    date: dateIn(zone, session.start_datetime),
    start: clockIn(zone, session.start_datetime),
    end: clockIn(zone, session.end_datetime),
  });
  const [room, setRoom] = useState<string | null>(session.room);
  const [reason, setReason] = useState('');
  const [isTried, setIsTried] = useState(false);
  const keyOf = useIdempotencyKey();
  const command = useSessionCommand(
    (move: Move) => moveSession(api, session.id, move, keyOf([session.id, move, session.version])),
    () => {
      notifyDone(t('session.done.reschedule'));
      onClose();
    },
  );
  const messages = fieldMessages(command.error);
  const submit = (): void => {
    setIsTried(true);
    const instants = instantsOf(window, zone);
    const given = reason.trim();
    if (instants === null || given === '' || instants.end_datetime <= instants.start_datetime)
      return;
    command.mutate({
      ...instants,
      reason: given,
      ...(room === null || room === session.room ? {} : { room }),
    });
  };
  return (
    <Stack>
      <FormFailure error={command.error} />
      <WindowFields value={window} onChange={setWindow} messages={messages} isTried={isTried} />
      <RoomSelect value={room} onChange={setRoom} error={messages['room']} />
      <Textarea
        label={t('common.reason')}
        description={t('common.reasonHint')}
        required
        autosize
        minRows={2}
        maxLength={2_000}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        error={isTried && reason.trim() === '' ? t('session.required') : messages['reason']}
      />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button onClick={submit} loading={command.isPending}>
          {t('session.reschedule')}
        </Button>
      </Group>
    </Stack>
  );
}

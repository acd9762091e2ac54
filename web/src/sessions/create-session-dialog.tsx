/** Creates a make-up or extra session. */
import {
  Button,
  Group,
  Modal,
  SegmentedControl,
  Stack,
  Text,
  Textarea,
  Input,
} from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldMessages } from '../api/problem.ts';
import { createSession, type NewSession } from '../api/sessions.ts';
import type { Session } from '../api/types.ts';
import { useApp } from '../app-context.ts';
import { FormFailure } from '../shared/form-failure.tsx';
import { notifyDone } from '../shared/notify.ts';
import { SectionSelect } from '../shared/section-select.tsx';
import { dateIn } from '../shared/times.ts';
import { useIdempotencyKey } from '../shared/use-idempotency-key.ts';
import { useZone } from '../shared/use-zone.ts';
import { RoomSelect } from './room-select.tsx';
import { useSessionCommand } from './use-session-command.ts';
import { instantsOf, WindowFields } from './window-fields.tsx';

interface CreateSessionDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onCreated: (session: Session) => void;
}

/** The dialog. */
export function CreateSessionDialog({ isOpen, onClose, onCreated }: CreateSessionDialogProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t('session.createTitle')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <CreateSessionForm onClose={onClose} onCreated={onCreated} />
    </Modal>
  );
}

const PARTS = ['L', 'T', 'P'] as const;

function CreateSessionForm({ onClose, onCreated }: Omit<CreateSessionDialogProps, 'isOpen'>) {
  const { t } = useTranslation();
  const { api } = useApp();
  const zone = useZone();
  const [section, setSection] = useState<string | null>(null);
  const [window, setWindow] = useState({ date: dateIn(zone), start: '', end: '' });
  const [room, setRoom] = useState<string | null>(null);
  const [component, setComponent] = useState<string>('L');
  const [notes, setNotes] = useState('');
  const [isTried, setIsTried] = useState(false);
  const keyOf = useIdempotencyKey();
  const command = useSessionCommand(
    (session: NewSession) => createSession(api, session, keyOf(session)),
    (session) => {
      notifyDone(t('session.created'));
      onCreated(session);
      onClose();
    },
  );
  const messages = fieldMessages(command.error);
  const submit = (): void => {
    setIsTried(true);
    const instants = instantsOf(window, zone);
    if (section === null || room === null || instants === null) return;
    if (instants.end_datetime <= instants.start_datetime) return;
    command.mutate({
      course_section: section,
      scheduled_date: window.date,
      ...instants,
      room,
      component,
      units: 1,
      ...(notes.trim() === '' ? {} : { notes: notes.trim() }),
    });
  };
  const missing = (value: string | null): string | undefined =>
    isTried && value === null ? t('session.required') : undefined;
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        {t('session.createLead')}
      </Text>
      <FormFailure error={command.error} />
      <SectionSelect
        label={t('session.course')}
        required
        value={section}
        onChange={setSection}
        error={missing(section) ?? messages['course_section']}
      />
      <WindowFields value={window} onChange={setWindow} messages={messages} isTried={isTried} />
      <RoomSelect value={room} onChange={setRoom} error={missing(room) ?? messages['room']} />
      <Input.Wrapper label={t('session.part')} labelElement="div">
        <SegmentedControl
          fullWidth
          mt={4}
          aria-label={t('session.part')}
          value={component}
          onChange={setComponent}
          data={PARTS.map((part) => ({ value: part, label: t(`component.${part}`) }))}
        />
      </Input.Wrapper>
      <Textarea
        label={t('session.notes')}
        placeholder={t('common.optional')}
        autosize
        minRows={1}
        maxLength={2_000}
        value={notes}
        onChange={(event) => setNotes(event.currentTarget.value)}
        error={messages['notes']}
      />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button onClick={submit} loading={command.isPending}>
          {t('session.createSubmit')}
        </Button>
      </Group>
    </Stack>
  );
}

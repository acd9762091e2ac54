/** Asks before a lifecycle step, with a reason where one is due. */
import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldMessages } from '../api/problem.ts';
import { takeStep, type SessionStep } from '../api/sessions.ts';
import type { Session } from '../api/types.ts';
import { useApp } from '../app-context.ts';
import { FormFailure } from '../shared/form-failure.tsx';
import { notifyDone } from '../shared/notify.ts';
import { showMoment, showTime } from '../shared/times.ts';
import { useIdempotencyKey } from '../shared/use-idempotency-key.ts';
import { useSessionCommand } from './use-session-command.ts';

interface StepDialogProps {
  readonly session: Session;
  /** The step asked about; null keeps the dialog closed. */
  readonly step: SessionStep | null;
  readonly onClose: () => void;
}

/** The dialog. */
export function StepDialog({ session, step, onClose }: StepDialogProps) {
  const { t } = useTranslation();
  // The last step stays while the dialog fades out.
  const [shown, setShown] = useState(step);
  if (step !== null && step !== shown) setShown(step);
  const words = useQuestion(session, shown ?? 'open');
  return (
    <Modal
      opened={step !== null}
      onClose={onClose}
      title={words.title}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {shown === null ? null : (
        <StepForm session={session} step={shown} words={words} onClose={onClose} />
      )}
    </Modal>
  );
}

interface Question {
  readonly title: string;
  readonly text: string;
  readonly submit: string;
}

function useQuestion(session: Session, step: SessionStep): Question {
  const { t } = useTranslation();
  const { counts, timezone: zone } = session;
  switch (step) {
    case 'open':
      return session.status === 'closed'
        ? {
            title: t('session.askReopen'),
            text: t('session.askReopenText', { time: showTime(session.closes_at, zone) }),
            submit: t('session.reopen'),
          }
        : {
            title: t('session.askOpen'),
            text: t('session.askOpenText'),
            submit: t('session.open'),
          };
    case 'close':
      return { title: t('session.askClose'), text: closeText(), submit: t('session.closeNow') };
    case 'lock':
      return {
        title: t('session.askLock'),
        text: t('session.askLockText'),
        submit: t('session.lock'),
      };
    case 'cancel':
      return {
        title: t('session.askCancel'),
        text: t('session.askCancelText'),
        submit: t('session.cancel'),
      };
    case 'restore':
      return {
        title: t('session.askRestore'),
        text: `${t('session.askRestoreText')} ${showMoment(session.start_datetime, zone)}`,
        submit: t('session.restore'),
      };
    default:
      return step satisfies never;
  }

  function closeText(): string {
    if (counts.unmarked === 0) return t('session.askCloseAllMarked');
    return counts.unmarked === counts.roster
      ? t('session.askCloseNotTaken')
      : t('session.askCloseText', { count: counts.unmarked });
  }
}

interface StepFormProps extends StepDialogProps {
  readonly step: SessionStep;
  readonly words: Question;
}

function StepForm({ session, step, words, onClose }: StepFormProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const [reason, setReason] = useState('');
  const [isMissing, setIsMissing] = useState(false);
  const keyOf = useIdempotencyKey();
  const needsReason = step === 'cancel' || step === 'restore';
  const command = useSessionCommand(
    (given: string | undefined) =>
      takeStep(api, session.id, step, given, keyOf([session.id, step, given, session.version])),
    () => {
      notifyDone(t(`session.done.${step}`));
      onClose();
    },
  );
  const submit = (): void => {
    const given = reason.trim();
    setIsMissing(needsReason && given === '');
    if (needsReason && given === '') return;
    command.mutate(given === '' ? undefined : given);
  };
  return (
    <Stack>
      <FormFailure error={command.error} />
      <Text size="sm">{words.text}</Text>
      <Textarea
        label={t('common.reason')}
        description={t('common.reasonHint')}
        placeholder={needsReason ? '' : t('common.optional')}
        required={needsReason}
        autosize
        minRows={2}
        maxLength={2_000}
        data-autofocus
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        error={isMissing ? t('session.required') : fieldMessages(command.error)['reason']}
      />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button
          onClick={submit}
          loading={command.isPending}
          color={step === 'cancel' || step === 'lock' ? 'red' : 'indigo'}
        >
          {words.submit}
        </Button>
      </Group>
    </Stack>
  );
}

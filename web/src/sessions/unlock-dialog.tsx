/** Asks for a locked register to be opened again: for how long, and why. */
import { Button, Group, Modal, NumberInput, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldMessages } from '../api/problem.ts';
import { queryKeys } from '../api/query-keys.ts';
import { askToUnlock, type NewUnlock } from '../api/requests.ts';
import type { Session } from '../api/types.ts';
import { useApp } from '../app-context.ts';
import { FormFailure } from '../shared/form-failure.tsx';
import { notifyDone } from '../shared/notify.ts';
import { useIdempotencyKey } from '../shared/use-idempotency-key.ts';

const HOURS_MAX = 24;
const HOURS_PROPOSED = 2;

interface UnlockDialogProps {
  readonly session: Session;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

/** The dialog. */
export function UnlockDialog({ session, isOpen, onClose }: UnlockDialogProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t('session.unlockTitle')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <UnlockForm session={session} onClose={onClose} />
    </Modal>
  );
}

function UnlockForm({ session, onClose }: Omit<UnlockDialogProps, 'isOpen'>) {
  const { t } = useTranslation();
  const [hours, setHours] = useState<number | string>(HOURS_PROPOSED);
  const [reason, setReason] = useState('');
  const [isTried, setIsTried] = useState(false);
  const request = useUnlock(onClose);
  const messages = fieldMessages(request.error);
  const { course, section_name: section } = session.course_section;
  const areHoursWrong = !isHours(hours);
  const submit = (): void => {
    setIsTried(true);
    const given = reason.trim();
    if (!isHours(hours) || given === '') return;
    request.mutate({ session: session.id, hours, reason: given });
  };
  return (
    <Stack>
      <Text size="sm">{t('session.unlockText', { name: `${course.code} ${section}` })}</Text>
      <FormFailure error={request.error} />
      <NumberInput
        label={t('session.unlockHours')}
        required
        min={1}
        max={HOURS_MAX}
        allowDecimal={false}
        value={hours}
        onChange={setHours}
        error={isTried && areHoursWrong ? t('session.unlockHoursWrong') : messages['hours']}
      />
      <Textarea
        label={t('session.unlockReason')}
        required
        data-autofocus
        autosize
        minRows={2}
        maxLength={2_000}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        error={
          isTried && reason.trim() === '' ? t('session.unlockReasonMissing') : messages['reason']
        }
      />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button onClick={submit} loading={request.isPending}>
          {t('session.unlockSubmit')}
        </Button>
      </Group>
    </Stack>
  );
}

const isHours = (value: number | string): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= HOURS_MAX;

function useUnlock(onDone: () => void) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queryClient = useQueryClient();
  const keyOf = useIdempotencyKey();
  return useMutation({
    mutationFn: (unlock: NewUnlock) => askToUnlock(api, unlock, keyOf(unlock)),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: queryKeys.unlocks });
      notifyDone(t('session.unlockSent'));
      onDone();
    },
  });
}

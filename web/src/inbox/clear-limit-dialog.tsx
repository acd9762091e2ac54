/** Asks an administrator why a student may change phones once more. */
import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { clearDeviceChanges, type Rebind } from '../api/devices.ts';
import { fieldMessages } from '../api/problem.ts';
import { queryKeys } from '../api/query-keys.ts';
import { useApp } from '../app-context.ts';
import { FormFailure } from '../shared/form-failure.tsx';
import { notifyDone } from '../shared/notify.ts';
import { fullName } from '../shared/person-name.ts';

interface ClearLimitDialogProps {
  /** A device of the student asked about; null keeps the dialog closed. */
  readonly rebind: Rebind | null;
  readonly onClose: () => void;
}

/** The dialog. */
export function ClearLimitDialog({ rebind, onClose }: ClearLimitDialogProps) {
  const { t } = useTranslation();
  // The last student stays while the dialog fades out.
  const [shown, setShown] = useState(rebind);
  if (rebind !== null && rebind !== shown) setShown(rebind);
  return (
    <Modal
      opened={rebind !== null}
      onClose={onClose}
      title={t('devices.clearTitle')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {shown === null ? null : <ClearForm key={shown.id} rebind={shown} onClose={onClose} />}
    </Modal>
  );
}

interface ClearFormProps {
  readonly rebind: Rebind;
  readonly onClose: () => void;
}

function ClearForm({ rebind: { student }, onClose }: ClearFormProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queryClient = useQueryClient();
  const [reason, setReason] = useState('');
  const [isMissing, setMissing] = useState(false);
  const clearing = useMutation({
    mutationFn: (given: string) => clearDeviceChanges(api, student.id, given),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: queryKeys.rebinds });
      notifyDone(t('devices.cleared'));
      onClose();
    },
  });
  const submit = (): void => {
    const given = reason.trim();
    setMissing(given === '');
    if (given !== '') clearing.mutate(given);
  };
  return (
    <Stack>
      <FormFailure error={clearing.error} />
      <Text size="sm">{t('devices.clearText', { name: fullName(student) })}</Text>
      <Textarea
        label={t('devices.reason')}
        description={t('devices.reasonHint')}
        required
        data-autofocus
        autosize
        minRows={2}
        maxLength={2_000}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        error={isMissing ? t('devices.reasonRequired') : fieldMessages(clearing.error)['reason']}
      />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button loading={clearing.isPending} onClick={submit}>
          {t('devices.clear')}
        </Button>
      </Group>
    </Stack>
  );
}

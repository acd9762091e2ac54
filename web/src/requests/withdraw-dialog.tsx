/** Asks before a request is withdrawn. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { withdrawCase } from '../api/requests.ts';
import { useApp } from '../app-context.ts';
import { FormFailure } from '../shared/form-failure.tsx';
import { notifyDone } from '../shared/notify.ts';
import { useIdempotencyKey } from '../shared/use-idempotency-key.ts';
import { useZone } from '../shared/use-zone.ts';
import { CASE_KEYS, caseTime, caseTitle, type Case } from './case.ts';

interface WithdrawDialogProps {
  /** The request asked about; null keeps the dialog closed. */
  readonly request: Case | null;
  readonly onClose: () => void;
}

/** The dialog. */
export function WithdrawDialog({ request, onClose }: WithdrawDialogProps) {
  const { t } = useTranslation();
  // The last request stays while the dialog fades out.
  const [shown, setShown] = useState(request);
  if (request !== null && request !== shown) setShown(request);
  return (
    <Modal
      opened={request !== null}
      onClose={onClose}
      title={t('requests.askWithdraw')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {shown === null ? null : <WithdrawForm request={shown} onClose={onClose} />}
    </Modal>
  );
}

interface WithdrawFormProps {
  readonly request: Case;
  readonly onClose: () => void;
}

function WithdrawForm({ request, onClose }: WithdrawFormProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const zone = useZone();
  const queryClient = useQueryClient();
  const keyOf = useIdempotencyKey();
  const noun = CASE_KEYS[request.kind].all;
  const withdrawal = useMutation({
    mutationFn: () => withdrawCase(api, request.kind, request.item.id, keyOf(request.item.id)),
    // Also after a refusal: it was most likely decided meanwhile.
    onSettled: () => void queryClient.invalidateQueries({ queryKey: noun }),
    onSuccess: () => {
      notifyDone(t('requests.withdrawn'));
      onClose();
    },
  });
  return (
    <Stack>
      <FormFailure error={withdrawal.error} />
      <div>
        <Text fw={560}>{caseTitle(request)}</Text>
        <Text size="sm">{caseTime(request, zone)}</Text>
      </div>
      <Text size="sm">{t('requests.askWithdrawText')}</Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button
          color="red"
          loading={withdrawal.isPending}
          onClick={() => withdrawal.mutate()}
          data-autofocus
        >
          {t('requests.withdraw')}
        </Button>
      </Group>
    </Stack>
  );
}

/** Applies for leave: whole days, or a part of one day. */
import {
  Button,
  Group,
  Input,
  Modal,
  SegmentedControl,
  Select,
  Stack,
  Text,
  Textarea,
} from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldMessages } from '../api/problem.ts';
import { queryKeys } from '../api/query-keys.ts';
import { applyForLeave, readLeaveTypes, type NewLeave } from '../api/requests.ts';
import { useApp } from '../app-context.ts';
import { FormFailure } from '../shared/form-failure.tsx';
import { notifyDone } from '../shared/notify.ts';
import { useIdempotencyKey } from '../shared/use-idempotency-key.ts';
import { useZone } from '../shared/use-zone.ts';
import { LeaveTimeFields, NO_TIME, spanOf, type LeaveTime } from './leave-time-fields.tsx';

interface LeaveDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

/** The dialog. */
export function LeaveDialog({ isOpen, onClose }: LeaveDialogProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t('requests.applyTitle')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <LeaveForm onClose={onClose} />
    </Modal>
  );
}

/** The leave types on offer; they change about once a year. */
function useLeaveTypes() {
  const { api } = useApp();
  return useQuery({
    queryKey: queryKeys.leaveTypes,
    queryFn: ({ signal }) => readLeaveTypes(api, signal),
    staleTime: 10 * 60_000,
  });
}

function LeaveForm({ onClose }: Omit<LeaveDialogProps, 'isOpen'>) {
  const { t } = useTranslation();
  const zone = useZone();
  const types = useLeaveTypes();
  const [type, setType] = useState<string | null>(null);
  const [time, setTime] = useState<LeaveTime>(NO_TIME);
  const [reason, setReason] = useState('');
  const [isTried, setIsTried] = useState(false);
  const application = useApplication(onClose);
  const messages = fieldMessages(application.error);
  const submit = (): void => {
    setIsTried(true);
    const span = spanOf(time, zone);
    const given = reason.trim();
    if (type === null || span === null || given === '') return;
    application.mutate({ leave_type: type, reason: given, ...span });
  };
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        {t('requests.applyLead')}
      </Text>
      <FormFailure error={application.error ?? types.error} />
      <Select
        label={t('requests.type')}
        required
        data-autofocus
        disabled={types.isPending}
        data={(types.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
        value={type}
        onChange={setType}
        error={isTried && type === null ? t('requests.pick') : messages['leave_type']}
        comboboxProps={{ shadow: 'md' }}
      />
      <Input.Wrapper label={t('requests.howLong')} labelElement="div">
        <SegmentedControl
          fullWidth
          mt={4}
          aria-label={t('requests.howLong')}
          value={time.isWholeDays ? 'days' : 'part'}
          onChange={(form) => setTime({ ...time, isWholeDays: form === 'days' })}
          data={[
            { value: 'days', label: t('requests.wholeDays') },
            { value: 'part', label: t('requests.partDay') },
          ]}
        />
      </Input.Wrapper>
      <LeaveTimeFields value={time} onChange={setTime} messages={messages} isTried={isTried} />
      <Textarea
        label={t('requests.why')}
        description={t('requests.whyHint')}
        required
        autosize
        minRows={2}
        maxLength={2_000}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        error={isTried && reason.trim() === '' ? t('requests.fill') : messages['reason']}
      />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button onClick={submit} loading={application.isPending}>
          {t('requests.submit')}
        </Button>
      </Group>
    </Stack>
  );
}

function useApplication(onDone: () => void) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queryClient = useQueryClient();
  const keyOf = useIdempotencyKey();
  return useMutation({
    mutationFn: (leave: NewLeave) => applyForLeave(api, leave, keyOf(leave)),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: queryKeys.leaves });
      notifyDone(t('requests.submitted'));
      onDone();
    },
  });
}

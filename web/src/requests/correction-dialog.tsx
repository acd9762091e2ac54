/** Asks for another mark in one class. */
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
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldMessages } from '../api/problem.ts';
import { queryKeys } from '../api/query-keys.ts';
import { askForCorrection, type NewCorrection } from '../api/requests.ts';
import {
  EXCUSE_CATEGORIES,
  MARKS,
  type ExcuseCategory,
  type ListedRecord,
  type Mark,
} from '../api/types.ts';
import { useApp } from '../app-context.ts';
import { FormFailure } from '../shared/form-failure.tsx';
import { notifyDone } from '../shared/notify.ts';
import { showMoment } from '../shared/times.ts';
import { useIdempotencyKey } from '../shared/use-idempotency-key.ts';
import { useZone } from '../shared/use-zone.ts';

interface CorrectionDialogProps {
  /** The record asked about; null keeps the dialog closed. */
  readonly record: ListedRecord | null;
  readonly onClose: () => void;
}

/** The dialog. */
export function CorrectionDialog({ record, onClose }: CorrectionDialogProps) {
  const { t } = useTranslation();
  // The last record stays while the dialog fades out.
  const [shown, setShown] = useState(record);
  if (record !== null && record !== shown) setShown(record);
  return (
    <Modal
      opened={record !== null}
      onClose={onClose}
      title={t('requests.correctTitle')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {shown === null ? null : <CorrectionForm key={shown.id} record={shown} onClose={onClose} />}
    </Modal>
  );
}

interface CorrectionFormProps {
  readonly record: ListedRecord;
  readonly onClose: () => void;
}

function CorrectionForm({ record, onClose }: CorrectionFormProps) {
  const { t } = useTranslation();
  const zone = useZone();
  const { mark, session_detail: detail } = record;
  const wanted = MARKS.filter((other) => other !== mark);
  const [toMark, setToMark] = useState<Mark>(wanted[0] ?? 'present');
  const [category, setCategory] = useState<ExcuseCategory | null>(null);
  const [reason, setReason] = useState('');
  const [isTried, setIsTried] = useState(false);
  const request = useCorrection(onClose);
  const messages = fieldMessages(request.error);
  const submit = (): void => {
    setIsTried(true);
    const given = reason.trim();
    const excuse = toMark === 'excused' ? category : undefined;
    if (excuse === null || given === '') return;
    request.mutate({
      session: record.session,
      to_mark: toMark,
      reason: given,
      ...(excuse === undefined ? {} : { excuse_category: excuse }),
    });
  };
  return (
    <Stack>
      <Text size="sm">
        {t('requests.correctLead', {
          course: `${detail.course_code} ${detail.course_name}`,
          when: showMoment(detail.start_datetime, zone),
          mark: t(`mark.${mark ?? 'unmarked'}`),
        })}
      </Text>
      <FormFailure error={request.error} />
      <Input.Wrapper label={t('requests.shouldBe')} labelElement="div" error={messages['to_mark']}>
        <SegmentedControl
          fullWidth
          mt={4}
          aria-label={t('requests.shouldBe')}
          value={toMark}
          onChange={setToMark}
          data={wanted.map((other) => ({ value: other, label: t(`mark.${other}`) }))}
        />
      </Input.Wrapper>
      {toMark === 'excused' ? (
        <Select
          label={t('requests.category')}
          required
          data={EXCUSE_CATEGORIES.map((value) => ({ value, label: t(`excuse.${value}`) }))}
          value={category}
          onChange={setCategory}
          error={isTried && category === null ? t('requests.pick') : messages['excuse_category']}
          comboboxProps={{ shadow: 'md' }}
        />
      ) : null}
      <Textarea
        label={t('requests.correctWhy')}
        description={t('requests.whyHint')}
        required
        data-autofocus
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
        <Button onClick={submit} loading={request.isPending}>
          {t('requests.correctSubmit')}
        </Button>
      </Group>
    </Stack>
  );
}

function useCorrection(onDone: () => void) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queryClient = useQueryClient();
  const keyOf = useIdempotencyKey();
  return useMutation({
    mutationFn: (correction: NewCorrection) => askForCorrection(api, correction, keyOf(correction)),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: queryKeys.corrections });
      notifyDone(t('requests.correctSubmitted'));
      onDone();
    },
  });
}

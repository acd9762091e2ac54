/** Asks why own entries are refused; the students read it. */
import { Button, Group, Modal, Stack, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SelfEntry } from '../api/types.ts';
import { FormFailure } from '../shared/form-failure.tsx';
import { useDecideEntries } from './use-waiting-entries.ts';

interface RefuseDialogProps {
  /** What is about to be refused; null keeps the dialog closed. */
  readonly entries: readonly SelfEntry[] | null;
  readonly onClose: () => void;
}

/** The dialog. */
export function RefuseDialog({ entries, onClose }: RefuseDialogProps) {
  const { t } = useTranslation();
  // The last entries stay while the dialog fades out.
  const [shown, setShown] = useState(entries);
  if (entries !== null && entries !== shown) setShown(entries);
  return (
    <Modal
      opened={entries !== null}
      onClose={onClose}
      title={t('selfEntry.refuseTitle', { count: shown?.length ?? 0 })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {shown === null ? null : <RefuseForm key={shown[0]?.id} entries={shown} onClose={onClose} />}
    </Modal>
  );
}

interface RefuseFormProps {
  readonly entries: readonly SelfEntry[];
  readonly onClose: () => void;
}

function RefuseForm({ entries, onClose }: RefuseFormProps) {
  const { t } = useTranslation();
  const [note, setNote] = useState('');
  const [isMissing, setMissing] = useState(false);
  const decision = useDecideEntries(onClose);
  const submit = (): void => {
    const given = note.trim();
    setMissing(given === '');
    if (given === '') return;
    decision.mutate({ ids: entries.map(({ id }) => id), verdict: 'rejected', note: given });
  };
  return (
    <Stack>
      <FormFailure error={decision.error} />
      <Textarea
        label={t('inbox.note')}
        description={t('inbox.noteHint')}
        required
        data-autofocus
        autosize
        minRows={2}
        maxLength={2_000}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
        error={isMissing ? t('inbox.noteRequired') : null}
      />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button color="red" onClick={submit} loading={decision.isPending}>
          {t('selfEntry.refuseNow')}
        </Button>
      </Group>
    </Stack>
  );
}

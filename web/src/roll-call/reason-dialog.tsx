/** Asks why a mark contradicts other evidence. */
import { Button, Checkbox, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RosterRow } from '../api/types.ts';
import { fullName } from '../shared/person-name.ts';
import type { AskedReason, Marking } from './marking.ts';

interface ReasonDialogProps {
  readonly asked: readonly AskedReason[];
  readonly rows: readonly RosterRow[];
  readonly marking: Marking;
}

/** The dialog, about the first mark asked about. */
export function ReasonDialog({ asked, rows, marking }: ReasonDialogProps) {
  const { t } = useTranslation();
  const [first] = asked;
  return (
    <Modal
      opened={first !== undefined}
      onClose={() => marking.withholdReason()}
      title={t('rollCall.reasonTitle')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {first === undefined ? null : (
        <ReasonForm
          key={first.student}
          name={nameOf(rows, first.student)}
          asked={first}
          others={asked.length - 1}
          marking={marking}
        />
      )}
    </Modal>
  );
}

/** The name of a student of the roll. */
export function nameOf(rows: readonly RosterRow[], id: string): string {
  const row = rows.find(({ student }) => student.id === id);
  return row ? fullName(row.student) : '';
}

interface ReasonFormProps {
  readonly name: string;
  readonly asked: AskedReason;
  readonly others: number;
  readonly marking: Marking;
}

function ReasonForm({ name, asked, others, marking }: ReasonFormProps) {
  const { t } = useTranslation();
  const [reason, setReason] = useState('');
  const [choice, setChoice] = useState<boolean | null>(null);
  // With more marks to come, one answer for all is the likelier wish.
  const isReused = choice ?? others > 0;
  const [isMissing, setIsMissing] = useState(false);
  const submit = (): void => {
    const given = reason.trim();
    setIsMissing(given === '');
    if (given !== '') marking.giveReason(given, isReused);
  };
  return (
    <Stack>
      <Text size="sm" fw={560}>
        {t('rollCall.reasonFor', { name, mark: t(`mark.${asked.mark}`) })}
        {others === 0 ? null : ` ${t('rollCall.andOthers', { count: others })}`}
      </Text>
      <Text size="sm" c="dimmed">
        {t('rollCall.reasonWhy')}
      </Text>
      <Textarea
        label={t('common.reason')}
        description={t('common.reasonHint')}
        required
        autosize
        minRows={2}
        maxLength={2_000}
        data-autofocus
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        error={isMissing ? t('session.required') : null}
      />
      <Checkbox
        label={t('rollCall.reasonReuse')}
        checked={isReused}
        onChange={(event) => setChoice(event.currentTarget.checked)}
      />
      <Group justify="flex-end">
        <Button variant="default" onClick={() => marking.withholdReason()}>
          {t('common.cancel')}
        </Button>
        <Button onClick={submit}>{t('rollCall.reasonSubmit')}</Button>
      </Group>
    </Stack>
  );
}

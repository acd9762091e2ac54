/** Asks why a student did not scan: one touch chooses, marks and closes. */
import { Button, Modal, SimpleGrid, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { FALLBACKS, type Fallback, type RollMark } from '../api/types.ts';
import { fullName } from '../shared/person-name.ts';
import type { GridEntry, RollEntry } from './narrow-roll.ts';

interface FallbackDialogProps {
  /** Whom it is about; closed without. */
  readonly entry: GridEntry | null;
  readonly onChoose: (entry: RollEntry, mark: RollMark, fallback: Fallback | null) => void;
  readonly onClose: () => void;
}

/** The dialog. A student without a mark becomes present. */
export function FallbackDialog({ entry, onChoose, onClose }: FallbackDialogProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={entry !== null}
      onClose={onClose}
      title={t('rollCall.fallbackTitle')}
      size="sm"
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {entry === null ? null : <Choice entry={entry} onChoose={onChoose} onClose={onClose} />}
    </Modal>
  );
}

interface ChoiceProps extends FallbackDialogProps {
  readonly entry: GridEntry;
}

function Choice({ entry, onChoose, onClose }: ChoiceProps) {
  const { t } = useTranslation();
  const mark = entry.mark === 'late' ? 'late' : 'present';
  const choose = (fallback: Fallback | null): void => {
    onClose();
    onChoose(entry, mark, fallback);
  };
  return (
    <Stack gap="md">
      <Text size="sm">
        {t('rollCall.fallbackLead', { name: fullName(entry.student), mark: t(`mark.${mark}`) })}
      </Text>
      <SimpleGrid cols={2} spacing="xs">
        {FALLBACKS.map((fallback) => (
          <Button
            key={fallback}
            variant={entry.fallback === fallback ? 'filled' : 'default'}
            aria-pressed={entry.fallback === fallback}
            h={48}
            px={6}
            data-autofocus={fallback === FALLBACKS[0] || undefined}
            onClick={() => choose(fallback)}
          >
            {t(`fallback.${fallback}`)}
          </Button>
        ))}
      </SimpleGrid>
      {entry.fallback === null ? null : (
        <Button variant="subtle" color="gray" onClick={() => choose(null)}>
          {t('rollCall.fallbackClear')}
        </Button>
      )}
    </Stack>
  );
}

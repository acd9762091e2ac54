/** Asks before saved scans are given up, and says what follows. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

interface DiscardDialogProps {
  readonly count: number;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onDiscard: () => void;
}

/** The dialog. */
export function DiscardDialog({ count, isOpen, onClose, onDiscard }: DiscardDialogProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t('scan.discardTitle', { count })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack>
        <Text size="sm">{t('scan.discardText', { count })}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button
            color="red"
            onClick={() => {
              onClose();
              onDiscard();
            }}
          >
            {t('scan.discard')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** Asks before everyone without a mark becomes present. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

interface RestDialogProps {
  readonly isOpen: boolean;
  readonly count: number;
  /** Single marks are still under way; the rest is who remains after them. */
  readonly isWaiting: boolean;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
}

/** The dialog. */
export function RestDialog({ isOpen, count, isWaiting, onClose, onConfirm }: RestDialogProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t('rollCall.askRest', { count })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack>
        <Text size="sm">{t('rollCall.askRestText')}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button onClick={onConfirm} loading={isWaiting} data-autofocus>
            {t('rollCall.confirmRest')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

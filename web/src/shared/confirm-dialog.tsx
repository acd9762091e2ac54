/** Asks before something is done that concerns many or cannot be undone. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

interface ConfirmDialogProps {
  readonly isOpen: boolean;
  readonly title: string;
  /** What follows. */
  readonly text: string;
  /** The word for doing it. */
  readonly action: string;
  /** It cannot be undone: the button is red and not under the focus. */
  readonly isFinal?: boolean;
  /** It cannot be done yet. */
  readonly isWaiting?: boolean;
  readonly onClose: () => void;
  /** Called after `onClose`. */
  readonly onConfirm: () => void;
}

/** The dialog. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { t } = useTranslation();
  const { isOpen, title, text, action, isFinal = false, isWaiting = false } = props;
  const { onClose, onConfirm } = props;
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={title}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack>
        <Text size="sm">{text}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button
            {...(isFinal ? { color: 'red' } : { 'data-autofocus': true })}
            loading={isWaiting}
            onClick={() => {
              onClose();
              onConfirm();
            }}
          >
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

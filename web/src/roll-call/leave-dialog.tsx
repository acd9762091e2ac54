/** Asks before the page is left with unsent marks. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useLeaveGuard } from './use-leave-guard.ts';

interface LeaveDialogProps {
  readonly hasUnsent: boolean;
  readonly count: number;
}

/** The dialog; it closes by itself when everything is sent. */
export function LeaveDialog({ hasUnsent, count }: LeaveDialogProps) {
  const { t } = useTranslation();
  const blocker = useLeaveGuard(hasUnsent);
  const stay = (): void => blocker.reset?.();
  return (
    <Modal
      opened={blocker.state === 'blocked' && hasUnsent}
      onClose={stay}
      title={t('rollCall.leaveTitle')}
      // A moment's wait for the answer under way needs no question.
      transitionProps={{ enterDelay: 400 }}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack>
        <Text size="sm">
          {t('rollCall.unsent', { count })} {t('rollCall.leaveText')}
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={() => blocker.proceed?.()}>
            {t('rollCall.leaveAnyway')}
          </Button>
          <Button onClick={stay} data-autofocus>
            {t('rollCall.leaveStay')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

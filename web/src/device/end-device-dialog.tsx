/** Asks before a device is ended, and says what follows. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { endDevice, type OwnDevice } from '../api/devices.ts';
import { queryKeys } from '../api/query-keys.ts';
import { useApp } from '../app-context.ts';
import { FormFailure } from '../shared/form-failure.tsx';
import { notifyDone } from '../shared/notify.ts';

interface EndDeviceDialogProps {
  /** The device asked about; null keeps the dialog closed. */
  readonly device: OwnDevice | null;
  readonly onClose: () => void;
}

/** The dialog. */
export function EndDeviceDialog({ device, onClose }: EndDeviceDialogProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queryClient = useQueryClient();
  const ending = useMutation({
    mutationFn: (id: string) => endDevice(api, id),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: queryKeys.ownDevices });
      notifyDone(t('devices.endedNow'));
      onClose();
    },
  });
  const close = (): void => {
    ending.reset();
    onClose();
  };
  return (
    <Modal
      opened={device !== null}
      onClose={close}
      title={t('devices.endTitle')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack>
        <FormFailure error={ending.error} />
        <Text size="sm">{t('devices.endText')}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t('common.cancel')}
          </Button>
          <Button
            color="red"
            loading={ending.isPending}
            onClick={() => {
              if (device !== null) ending.mutate(device.id);
            }}
          >
            {t('devices.endNow')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

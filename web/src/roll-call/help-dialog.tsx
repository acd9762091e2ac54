/** The keys of the roll call. */
import { Kbd, Modal, Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';

const ROWS = [
  { keys: ['←', '→', '↑', '↓'], text: 'helpMove' },
  { keys: ['P'], text: 'helpPresent' },
  { keys: ['L'], text: 'helpLate' },
  { keys: ['A'], text: 'helpAbsent' },
  { keys: ['Space'], text: 'helpCycle' },
  { keys: ['N'], text: 'helpFallback' },
  { keys: ['H'], text: 'helpHistory' },
  { keys: ['/'], text: 'helpSearch' },
  { keys: ['Esc'], text: 'helpLeave' },
  { keys: ['?'], text: 'helpHelp' },
] as const;

interface HelpDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

/** The dialog. */
export function HelpDialog({ isOpen, onClose }: HelpDialogProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t('rollCall.helpTitle')}
      size="sm"
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Table withRowBorders={false}>
        <Table.Tbody>
          {ROWS.map(({ keys, text }) => (
            <Table.Tr key={text}>
              <Table.Td w={150}>
                {keys.map((key) => (
                  <Kbd key={key} mr={4}>
                    {key}
                  </Kbd>
                ))}
              </Table.Td>
              <Table.Td>{t(`rollCall.${text}`)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}

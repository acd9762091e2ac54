/** Says that claims of students wait for a word of the staff, and shows whose. */
import { Button } from '@mantine/core';
import { IconHourglass } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { GridEntry } from './narrow-roll.ts';

interface WaitingNoticeProps {
  readonly waiting: readonly GridEntry[];
  /** The roll shows just them. */
  readonly isShown: boolean;
  readonly onShow: () => void;
}

/** Nothing while nothing waits. */
export function WaitingNotice({ waiting, isShown, onShow }: WaitingNoticeProps) {
  const { t } = useTranslation();
  const count = waiting.length;
  if (count === 0) return null;
  const areScans = waiting.every((entry) => entry.waiting === 'scan');
  return (
    <div className="alert-bar tone-late no-print" role="status" data-testid="waiting-claims">
      <IconHourglass size={20} aria-hidden />
      <div className="alert-bar-words">
        <strong>{t(areScans ? 'rollCall.scansWait' : 'rollCall.claimsWait', { count })}</strong>
        <div>{t('rollCall.waitingText')}</div>
      </div>
      {isShown ? null : (
        <Button size="xs" variant="default" onClick={onShow}>
          {t('rollCall.showWaiting')}
        </Button>
      )}
    </div>
  );
}

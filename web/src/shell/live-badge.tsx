/** Says whether changes by others arrive at once. */
import { Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useLiveStatus } from '../app-context.ts';

const TONES = { live: 'present', connecting: 'late', away: 'unmarked' } as const;

/** State of the live connection in a word, explained on hover and focus. */
export function LiveBadge() {
  const { t } = useTranslation();
  const status = useLiveStatus();
  return (
    <Tooltip
      label={t(`shell.${status}Hint`)}
      multiline
      w={240}
      events={{ hover: true, focus: true, touch: true }}
    >
      <button
        type="button"
        className={`live-badge tone-${TONES[status]}`}
        data-status={status}
        data-testid="live-status"
      >
        <span className="live-dot" aria-hidden="true" />
        <span role="status">{t(`shell.${status}`)}</span>
      </button>
    </Tooltip>
  );
}

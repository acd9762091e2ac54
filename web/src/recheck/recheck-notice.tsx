/** On the scanner: this class asks for another scan, and how long it waits for it. */
import { IconScan } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { TimeLeft } from '../shared/time-left.tsx';
import './recheck.css';

interface NoticeProps {
  readonly untilMs: number;
  /** A scan was sent and did not answer it, because its code was older than the question. */
  readonly isStillAsked: boolean;
}

/** The notice. */
export function RecheckNotice({ untilMs, isStillAsked }: NoticeProps) {
  const { t } = useTranslation();
  return (
    <div className="recheck-prompt tone-late" role="alert" data-testid="recheck-notice">
      <IconScan size={26} stroke={1.9} aria-hidden />
      <div className="recheck-words">
        <strong>{t('recheck.confirm')}</strong>
        <div>
          {t(isStillAsked ? 'recheck.again' : 'recheck.why')} {t('recheck.left')}{' '}
          <TimeLeft untilMs={untilMs} />
        </div>
      </div>
    </div>
  );
}

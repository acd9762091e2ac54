/** A percentage as a bar, with a line where the exam's limit is. */
import { useTranslation } from 'react-i18next';
import type { Verdict } from '../api/types.ts';
import './threshold-meter.css';

interface ThresholdMeterProps {
  readonly label: string;
  /** Basis points, 0 to 10,000; null when nothing was held. */
  readonly value: number | null;
  /** The percentage as the API prints it. */
  readonly shown: string | null;
  readonly threshold: number;
  readonly verdict: Verdict;
}

const TONES = {
  eligible: 'present',
  provisional: 'late',
  condonable: 'late',
  not_eligible: 'absent',
  insufficient_data: 'unmarked',
} as const satisfies Record<Verdict, string>;

/** The bar. */
export function ThresholdMeter({ label, value, shown, threshold, verdict }: ThresholdMeterProps) {
  const { t } = useTranslation();
  const percent = (value ?? 0) / 100;
  return (
    <div
      className={`threshold-meter tone-${TONES[verdict]}`}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={
        shown === null
          ? t('verdict.insufficient_data')
          : t('mine.ring', { percent: shown, verdict: t(`verdict.${verdict}`) })
      }
    >
      <span className="threshold-meter-fill" style={{ width: `${percent}%` }} />
      <span className="threshold-meter-limit" style={{ insetInlineStart: `${threshold}%` }} />
    </div>
  );
}

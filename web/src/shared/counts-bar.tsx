/** How a class stands, as one bar with its numbers beside it. */
import { useTranslation } from 'react-i18next';
import type { MarkCounts } from '../api/types.ts';
import { MARK_LOOKS } from './chips.tsx';
import './counts-bar.css';

const PARTS = ['present', 'late', 'excused', 'absent', 'unmarked'] as const;

/** The bar alone; its numbers are read out as one sentence. */
export function CountsBar({ counts }: { readonly counts: MarkCounts }) {
  const { t } = useTranslation();
  const label = PARTS.filter((part) => counts[part] > 0)
    .map((part) => `${t(`mark.${part}`)} ${counts[part]}`)
    .join(', ');
  return (
    <div className="counts-bar" role="img" aria-label={label}>
      {PARTS.map((part) => (
        <span
          key={part}
          className={`counts-bar-part tone-${part}`}
          style={{ flexGrow: counts[part] }}
          data-empty={counts[part] === 0 || undefined}
        />
      ))}
    </div>
  );
}

/** The numbers by mark, as a list. */
export function CountsList({ counts }: { readonly counts: MarkCounts }) {
  const { t } = useTranslation();
  return (
    <ul className="counts-list numbers">
      {PARTS.map((part) => {
        const Icon = MARK_LOOKS[part].icon;
        return (
          <li key={part} className={`counts-item tone-${part}`} data-count={part}>
            <Icon size={15} stroke={2.2} aria-hidden />
            <strong>{counts[part]}</strong>
            <span className="counts-word">{t(`mark.${part}`)}</span>
          </li>
        );
      })}
    </ul>
  );
}

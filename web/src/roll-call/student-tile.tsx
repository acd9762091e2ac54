/** One student: name, mark, and the marks to give. */
import { Tooltip } from '@mantine/core';
import {
  IconAlertTriangle,
  IconDeviceMobileOff,
  IconFlag3,
  IconHistory,
  IconHourglass,
} from '@tabler/icons-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { ROLL_MARKS, type Mark, type RollMark } from '../api/types.ts';
import { MARK_LOOKS } from '../shared/chips.tsx';
import { fullName } from '../shared/person-name.ts';
import { sourceKey } from '../shared/source-key.ts';
import type { GridEntry, RollEntry } from './narrow-roll.ts';

interface StudentTileProps extends GridEntry {
  /** This tile takes part in the tab order. */
  readonly isChosen: boolean;
  readonly canMark: boolean;
  /** The class shows codes, so a mark may say why there was no scan. */
  readonly asksWhy: boolean;
  readonly onMark: (entry: RollEntry, mark: RollMark) => void;
  readonly onChoose: (student: string) => void;
  readonly onHistory: (student: string) => void;
  readonly onUnscanned: (student: string) => void;
}

/** Whether there may be something to say why: a mark of presence or none, and no scan behind it. */
export function canSayWhy({ mark, isUnscanned }: GridEntry, canMark: boolean): boolean {
  return canMark && isUnscanned && mark !== 'absent' && mark !== 'excused';
}

/** What a click on the tile gives: present first, then around. */
const NEXT: Readonly<Record<Mark | 'unmarked', RollMark>> = {
  unmarked: 'present',
  present: 'late',
  late: 'absent',
  absent: 'present',
  excused: 'present',
};

/** What waits is answered first: it claims presence, and a late mark stays one. */
function nextMark({ mark, waiting }: RollEntry): RollMark {
  if (waiting !== null) return mark === 'late' ? 'late' : 'present';
  return NEXT[mark ?? 'unmarked'];
}

/** The tile. A class has many of them, so it is drawn again only when something of it changed. */
export const StudentTile = memo(function StudentTile(props: StudentTileProps) {
  const { t } = useTranslation();
  const { student, mark, fallback, waiting, isSending, failure, news, canMark, onMark } = props;
  const entry: RollEntry = { student, mark, fallback, waiting };
  const name = fullName(student);
  const state = [
    ...(fallback === null ? [] : [t('rollCall.cardFallback', { why: t(`fallback.${fallback}`) })]),
    ...(isSending ? [t('rollCall.cardSending')] : []),
    ...(failure === null ? [] : [t('rollCall.cardFailed')]),
    ...(waiting === null ? [] : [t(`rollCall.waitingFor.${waiting}`)]),
    ...(props.doubt === null ? [] : [t('rollCall.cardFlagged', { why: t(`flag.${props.doubt}`) })]),
  ];
  const label = t('rollCall.cardLabel', {
    name,
    roll: student.roll_number,
    mark: t(`mark.${mark ?? 'unmarked'}`),
  });
  return (
    <div
      role="gridcell"
      className={`roll-tile tone-${mark ?? 'unmarked'}`}
      data-mark={mark ?? 'unmarked'}
      data-sending={isSending || undefined}
      data-failed={failure !== null || undefined}
      onFocus={() => props.onChoose(student.id)}
    >
      {news === 0 ? null : <span key={news} className="roll-tile-news" aria-hidden="true" />}
      <button
        type="button"
        className="roll-tile-main"
        tabIndex={props.isChosen ? 0 : -1}
        data-student={student.id}
        aria-label={[label, ...state].join(', ')}
        aria-disabled={!canMark || undefined}
        onClick={() => canMark && onMark(entry, nextMark(entry))}
      >
        <Badge mark={mark} />
        <span className="roll-tile-words">
          <span className="roll-tile-name">{name}</span>
          <Under {...props} />
          {waiting === null ? null : (
            <span className="roll-tile-under roll-tile-doubt">
              <IconHourglass size={13} aria-hidden /> {t(`rollCall.waitingFor.${waiting}`)}
            </span>
          )}
          {props.doubt === null ? null : (
            <span className="roll-tile-under roll-tile-doubt">
              <IconFlag3 size={13} aria-hidden /> {t(`flag.${props.doubt}`)}
            </span>
          )}
        </span>
      </button>
      <span className="roll-tile-more no-print">
        {props.asksWhy && canSayWhy(props, canMark) ? (
          <button
            type="button"
            tabIndex={-1}
            className="roll-more"
            data-given={fallback !== null || undefined}
            aria-label={t('rollCall.fallbackOpen', { name })}
            onClick={() => props.onUnscanned(student.id)}
          >
            <IconDeviceMobileOff size={17} stroke={1.8} aria-hidden />
          </button>
        ) : null}
        {props.hasHistory ? (
          <button
            type="button"
            tabIndex={-1}
            className="roll-more"
            aria-label={t('records.openOf', { name })}
            onClick={() => props.onHistory(student.id)}
          >
            <IconHistory size={17} stroke={1.8} aria-hidden />
          </button>
        ) : null}
      </span>
      {canMark ? (
        <span className="roll-tile-marks">
          {ROLL_MARKS.map((to) => (
            <button
              key={to}
              type="button"
              tabIndex={-1}
              className={`roll-mark tone-${to}`}
              aria-pressed={mark === to}
              aria-label={t('rollCall.markAs', { mark: t(`mark.${to}`), name })}
              onClick={() => onMark(entry, to)}
            >
              {t(`markLetter.${to}`)}
            </button>
          ))}
        </span>
      ) : null}
    </div>
  );
});

/** Letter and colour; a shape says unmarked. */
function Badge({ mark }: { readonly mark: Mark | null }) {
  const { t } = useTranslation();
  const Unmarked = MARK_LOOKS.unmarked.icon;
  return (
    <span className="roll-tile-badge" aria-hidden="true">
      {mark === null ? <Unmarked size={20} stroke={1.8} /> : t(`rollCall.letter.${mark}`)}
    </span>
  );
}

function Under({ student, source, fallback, failure }: StudentTileProps) {
  const { t } = useTranslation();
  if (failure !== null) {
    return (
      <Tooltip label={failure} multiline w={260}>
        <span className="roll-tile-under roll-tile-failure">
          <IconAlertTriangle size={14} aria-hidden />
          {t('rollCall.cardFailed')}
        </span>
      </Tooltip>
    );
  }
  const from =
    source === null || source === 'manual' ? '' : ` · ${t(`source.${sourceKey(source)}`)}`;
  const text = `${student.roll_number}${from}`;
  return (
    <>
      <span className="roll-tile-under numbers" title={text}>
        {text}
      </span>
      {fallback === null ? null : (
        <span className="roll-tile-under roll-tile-why">{t(`fallback.${fallback}`)}</span>
      )}
    </>
  );
}

/** The students as tiles; arrow keys move between them, letters mark. */
import { useElementSize } from '@mantine/hooks';
import { useCallback, useId, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { RollMark } from '../api/types.ts';
import type { GridEntry, RollEntry } from './narrow-roll.ts';
import { canSayWhy, StudentTile } from './student-tile.tsx';

interface StudentGridProps {
  readonly entries: readonly GridEntry[];
  readonly canMark: boolean;
  /** The class shows codes, so a mark may say why there was no scan. */
  readonly asksWhy: boolean;
  readonly onMark: (entry: RollEntry, mark: RollMark) => void;
  /** Somebody wants to know how a mark came about. */
  readonly onHistory: (student: string) => void;
  /** Somebody wants to say why a student did not scan. */
  readonly onUnscanned: (student: string) => void;
  /** Somebody tries to excuse by keyboard. */
  readonly onExcused: () => void;
}

const TILE_WIDTH_MIN = 340;
const GAP = 10;
const LETTERS: Readonly<Record<string, RollMark>> = { p: 'present', l: 'late', a: 'absent' };

/** Moves the focus to a student's tile, if it shows. */
export function focusStudent(student: string): void {
  document.querySelector<HTMLElement>(`[data-student="${student}"]`)?.focus();
}

/** The grid; one tile takes part in the tab order, the others follow by arrow keys. */
export function StudentGrid(props: StudentGridProps) {
  const { entries, canMark, asksWhy, onMark, onHistory, onUnscanned, onExcused } = props;
  const { t } = useTranslation();
  const instructions = useId();
  const { ref, width } = useElementSize();
  const columns = Math.max(1, Math.floor((width + GAP) / (TILE_WIDTH_MIN + GAP)));
  const [chosen, setChosen] = useState<string | null>(null);
  const at = Math.max(
    entries.findIndex(({ student }) => student.id === chosen),
    0,
  );
  const onChoose = useCallback((student: string) => setChosen(student), []);

  const goTo = (index: number): void => {
    const target = entries[Math.min(Math.max(index, 0), entries.length - 1)];
    if (target) focusStudent(target.student.id);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves: Readonly<Record<string, number>> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      ArrowDown: at + columns < entries.length ? at + columns : at,
      ArrowUp: at - columns >= 0 ? at - columns : at,
      Home: 0,
      End: entries.length - 1,
    };
    const move = moves[event.key];
    const letter = LETTERS[event.key.toLowerCase()];
    const entry = entries[at];
    if (move !== undefined) {
      event.preventDefault();
      goTo(move);
    } else if (entry && canMark && letter !== undefined && !event.repeat) {
      event.preventDefault();
      onMark(entry, letter);
      // On to the next name, as one reads a list aloud.
      goTo(at + 1);
    } else if (entry?.hasHistory && event.key.toLowerCase() === 'h') {
      event.preventDefault();
      onHistory(entry.student.id);
    } else if (entry && asksWhy && canSayWhy(entry, canMark) && event.key.toLowerCase() === 'n') {
      event.preventDefault();
      onUnscanned(entry.student.id);
    } else if (canMark && event.key.toLowerCase() === 'e') {
      onExcused();
    }
  };

  return (
    <>
      <p id={instructions} className="hidden-visually">
        {t('rollCall.instructions')}
      </p>
      {/* The tiles inside are the focusable parts; the grid only listens to their keys. */}
      <div
        ref={ref}
        className="roll-grid"
        role="grid"
        aria-label={t('rollCall.students')}
        aria-describedby={instructions}
        aria-readonly={!canMark}
        onKeyDown={onKeyDown}
      >
        {width === 0
          ? null
          : inRows(entries, columns).map((row) => (
              <div
                key={row[0]?.student.id}
                role="row"
                className="roll-row"
                style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
              >
                {row.map((entry) => (
                  <StudentTile
                    key={entry.student.id}
                    {...entry}
                    isChosen={entry === entries[at]}
                    canMark={canMark}
                    onMark={onMark}
                    asksWhy={asksWhy}
                    onUnscanned={onUnscanned}
                    onChoose={onChoose}
                    onHistory={onHistory}
                  />
                ))}
              </div>
            ))}
      </div>
    </>
  );
}

function inRows<T>(items: readonly T[], columns: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / columns) }, (_, row) =>
    items.slice(row * columns, (row + 1) * columns),
  );
}

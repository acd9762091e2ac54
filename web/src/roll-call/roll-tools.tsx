/** Finds students in the roll and acts on many at once. */
import { ActionIcon, Button, Select, TextInput, Tooltip } from '@mantine/core';
import {
  IconChecks,
  IconHourglass,
  IconKeyboard,
  IconSearch,
  IconUsers,
} from '@tabler/icons-react';
import type { KeyboardEvent, RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import type { MarkCounts, Session } from '../api/types.ts';
import { MARK_LOOKS } from '../shared/chips.tsx';
import { CountsBar } from '../shared/counts-bar.tsx';
import type { RollFilter, RollOrder, RollView } from './narrow-roll.ts';
import { RollNotice } from './roll-notice.tsx';

interface ViewProps {
  readonly view: RollView;
  readonly onChange: (view: RollView) => void;
}

interface RollToolsProps extends ViewProps {
  readonly searchInput: RefObject<HTMLInputElement | null>;
  /** The reader is done with searching and goes on to the students. */
  readonly onLeaveSearch: () => void;
  readonly canMark: boolean;
  readonly unmarked: number;
  readonly isMarkingRest: boolean;
  readonly onRest: () => void;
  readonly onHelp: () => void;
}

const ORDERS = ['roll', 'name', 'flag'] as const satisfies readonly RollOrder[];

/** Search, order, the rest of the class, keyboard help. */
export function RollTools(props: RollToolsProps) {
  const { t } = useTranslation();
  const { view, onChange, canMark, unmarked } = props;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') onChange({ ...view, text: '' });
    if (!['Escape', 'Enter', 'ArrowDown'].includes(event.key)) return;
    event.preventDefault();
    props.onLeaveSearch();
  };
  return (
    <div className="roll-tools no-print">
      <TextInput
        ref={props.searchInput}
        className="roll-search"
        type="search"
        aria-label={t('rollCall.search')}
        placeholder={t('rollCall.search')}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={view.text}
        onChange={(event) => onChange({ ...view, text: event.currentTarget.value })}
        onKeyDown={onKeyDown}
      />
      <Select
        className="roll-order"
        aria-label={t('rollCall.order')}
        value={view.order}
        allowDeselect={false}
        onChange={(order) =>
          onChange({ ...view, order: ORDERS.find((known) => known === order) ?? 'roll' })
        }
        data={[
          { value: 'roll', label: t('rollCall.byRoll') },
          { value: 'name', label: t('rollCall.byName') },
          ...(canMark ? [{ value: 'flag', label: t('rollCall.byFlag') }] : []),
        ]}
        comboboxProps={{ shadow: 'md' }}
      />
      {canMark ? (
        <Button
          className="roll-rest"
          variant="light"
          leftSection={<IconChecks size={18} aria-hidden />}
          disabled={unmarked === 0}
          loading={props.isMarkingRest}
          onClick={props.onRest}
        >
          {t(unmarked === 0 ? 'rollCall.allMarked' : 'rollCall.markRest')}
        </Button>
      ) : null}
      <Tooltip label={`${t('rollCall.help')} (?)`}>
        <ActionIcon
          className="roll-help"
          variant="default"
          size={36}
          aria-label={t('rollCall.help')}
          aria-keyshortcuts="?"
          onClick={props.onHelp}
        >
          <IconKeyboard size={19} stroke={1.7} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}

const FILTERS = ['all', 'unmarked', 'present', 'late', 'absent', 'excused'] as const;
const FILTERS_WHILE_WAITING = [...FILTERS, 'waiting'] as const;

interface CountsFilterProps extends ViewProps {
  readonly session: Session;
  readonly counts: MarkCounts;
  /** Students with a claim that waits for a person. */
  readonly waiting: number;
}

/** How the class stands; each number shows its students. Stays in sight while scrolling. */
export function CountsFilter({ session, counts, waiting, view, onChange }: CountsFilterProps) {
  const { t } = useTranslation();
  const { unmarked, roster } = counts;
  const filters = waiting > 0 || view.filter === 'waiting' ? FILTERS_WHILE_WAITING : FILTERS;
  return (
    <section className="roll-counts" aria-label={t('rollCall.theClass')}>
      <div className="roll-counts-line">
        <span className="roll-marked numbers" data-testid="marked">
          {t('rollCall.marked', { marked: roster - unmarked, roster })}
        </span>
        <RollNotice session={session} />
      </div>
      <CountsBar counts={counts} />
      <div className="roll-filters" role="group" aria-label={t('rollCall.filter')}>
        {filters.map((filter) => (
          <FilterButton
            key={filter}
            filter={filter}
            count={filter === 'all' ? roster : filter === 'waiting' ? waiting : counts[filter]}
            isChosen={view.filter === filter}
            onChoose={() => onChange({ ...view, filter })}
          />
        ))}
      </div>
    </section>
  );
}

const FILTER_LOOKS = {
  ...MARK_LOOKS,
  all: { tone: 'info', icon: IconUsers },
  waiting: { tone: 'late', icon: IconHourglass },
} as const;

interface FilterButtonProps {
  readonly filter: RollFilter;
  readonly count: number;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

function FilterButton({ filter, count, isChosen, onChoose }: FilterButtonProps) {
  const { t } = useTranslation();
  const { icon: Icon, tone } = FILTER_LOOKS[filter];
  return (
    <button
      type="button"
      className={`roll-filter tone-${tone}`}
      aria-pressed={isChosen}
      data-count={filter}
      onClick={onChoose}
    >
      <Icon size={15} stroke={2.2} aria-hidden />
      <strong className="numbers">{count}</strong>
      <span>
        {filter === 'all'
          ? t('common.all')
          : filter === 'waiting'
            ? t('rollCall.waitingFilter')
            : t(`mark.${filter}`)}
      </span>
    </button>
  );
}

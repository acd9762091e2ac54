/** The time of a leave: first and last day, or a day with two clock times, in the campus zone. */
import { Group } from '@mantine/core';
import { DateInput, TimeInput } from '@mantine/dates';
import { useTranslation } from 'react-i18next';
import type { NewLeave } from '../api/requests.ts';
import { instantOf } from '../shared/times.ts';

/** What the fields hold: `YYYY-MM-DD` and `HH:mm`, empty while not filled. */
export interface LeaveTime {
  readonly isWholeDays: boolean;
  readonly first: string;
  readonly last: string;
  readonly from: string;
  readonly until: string;
}

/** Nothing filled in. */
export const NO_TIME: LeaveTime = { isWholeDays: true, first: '', last: '', from: '', until: '' };

type Span<T> = T extends unknown ? Omit<T, 'leave_type' | 'reason'> : never;

/** The time as the API takes it; null while a field is empty or the end comes first. */
export function spanOf(time: LeaveTime, zone: string): Span<NewLeave> | null {
  const { isWholeDays, first, last, from, until } = time;
  if (first === '' || isInverted(time)) return null;
  if (isWholeDays) return last === '' ? null : { start_date: first, end_date: last };
  if (from === '' || until === '') return null;
  return { starts_at: instantOf(first, from, zone), ends_at: instantOf(first, until, zone) };
}

function isInverted({ isWholeDays, first, last, from, until }: LeaveTime): boolean {
  return isWholeDays
    ? first !== '' && last !== '' && last < first
    : from !== '' && until !== '' && until <= from;
}

interface LeaveTimeFieldsProps {
  readonly value: LeaveTime;
  readonly onChange: (time: LeaveTime) => void;
  readonly messages: Readonly<Record<string, string>>;
  /** Empty fields are named after a first try to send. */
  readonly isTried: boolean;
}

/** The fields. */
export function LeaveTimeFields(props: LeaveTimeFieldsProps) {
  return props.value.isWholeDays ? <WholeDays {...props} /> : <PartOfDay {...props} />;
}

const DAY_FORMAT = 'ddd, D MMM YYYY';

function WholeDays({ value, onChange, messages, isTried }: LeaveTimeFieldsProps) {
  const { t } = useTranslation();
  const missing = useMissing(isTried);
  // Most leave is of one day: the last day follows the first until it is set apart.
  const setFirst = (date: string | null): void => {
    const first = date ?? '';
    const isFollowing = value.last === '' || value.last === value.first || value.last < first;
    onChange({ ...value, first, last: isFollowing ? first : value.last });
  };
  return (
    <Group grow align="flex-start">
      <DateInput
        label={t('requests.firstDay')}
        required
        valueFormat={DAY_FORMAT}
        value={value.first === '' ? null : value.first}
        onChange={setFirst}
        error={missing(value.first) ?? messages['start_date']}
        popoverProps={{ shadow: 'md' }}
      />
      <DateInput
        label={t('requests.lastDay')}
        required
        valueFormat={DAY_FORMAT}
        value={value.last === '' ? null : value.last}
        {...(value.first === '' ? {} : { minDate: value.first })}
        onChange={(date) => onChange({ ...value, last: date ?? '' })}
        error={
          missing(value.last) ??
          (isInverted(value) ? t('requests.invertedDays') : messages['end_date'])
        }
        popoverProps={{ shadow: 'md' }}
      />
    </Group>
  );
}

function PartOfDay({ value, onChange, messages, isTried }: LeaveTimeFieldsProps) {
  const { t } = useTranslation();
  const missing = useMissing(isTried);
  return (
    <>
      <DateInput
        label={t('requests.day')}
        required
        valueFormat={DAY_FORMAT}
        value={value.first === '' ? null : value.first}
        onChange={(date) => onChange({ ...value, first: date ?? '', last: date ?? '' })}
        error={missing(value.first)}
        popoverProps={{ shadow: 'md' }}
      />
      <Group grow align="flex-start">
        <TimeInput
          label={t('requests.from')}
          required
          value={value.from}
          onChange={(event) => onChange({ ...value, from: event.currentTarget.value })}
          error={missing(value.from) ?? messages['starts_at']}
        />
        <TimeInput
          label={t('requests.until')}
          required
          value={value.until}
          onChange={(event) => onChange({ ...value, until: event.currentTarget.value })}
          error={
            missing(value.until) ??
            (isInverted(value) ? t('requests.invertedTimes') : messages['ends_at'])
          }
        />
      </Group>
    </>
  );
}

function useMissing(isTried: boolean): (text: string) => string | null {
  const { t } = useTranslation();
  return (text) => (isTried && text === '' ? t('requests.fill') : null);
}

/** Day, start and end of a session, in the campus zone. */
import { Group } from '@mantine/core';
import { DateInput, TimeInput } from '@mantine/dates';
import { useTranslation } from 'react-i18next';
import { instantOf } from '../shared/times.ts';

/** What the fields hold: `YYYY-MM-DD` and `HH:mm`, empty while not filled. */
export interface Window {
  readonly date: string;
  readonly start: string;
  readonly end: string;
}

/** The window as instants; null while a field is empty. */
export function instantsOf(
  { date, start, end }: Window,
  zone: string,
): { readonly start_datetime: string; readonly end_datetime: string } | null {
  if (date === '' || start === '' || end === '') return null;
  return {
    start_datetime: instantOf(date, start, zone),
    end_datetime: instantOf(date, end, zone),
  };
}

interface WindowFieldsProps {
  readonly value: Window;
  readonly onChange: (window: Window) => void;
  readonly messages: Readonly<Record<string, string>>;
  /** Empty fields are named after a first try to send. */
  readonly isTried: boolean;
}

/** The fields. */
export function WindowFields({ value, onChange, messages, isTried }: WindowFieldsProps) {
  const { t } = useTranslation();
  const missing = (text: string): string | null =>
    isTried && text === '' ? t('session.required') : null;
  const isInverted = value.start !== '' && value.end !== '' && value.end <= value.start;
  return (
    <>
      <DateInput
        label={t('session.day')}
        required
        valueFormat="ddd, D MMM YYYY"
        value={value.date === '' ? null : value.date}
        onChange={(date) => onChange({ ...value, date: date ?? '' })}
        error={missing(value.date) ?? messages['scheduled_date']}
        popoverProps={{ shadow: 'md' }}
      />
      <Group grow align="flex-start">
        <TimeInput
          label={t('session.start')}
          required
          value={value.start}
          onChange={(event) => onChange({ ...value, start: event.currentTarget.value })}
          error={missing(value.start) ?? messages['start_datetime']}
        />
        <TimeInput
          label={t('session.end')}
          required
          value={value.end}
          onChange={(event) => onChange({ ...value, end: event.currentTarget.value })}
          error={
            missing(value.end) ??
            (isInverted ? t('session.endBeforeStart') : messages['end_datetime'])
          }
        />
      </Group>
    </>
  );
}

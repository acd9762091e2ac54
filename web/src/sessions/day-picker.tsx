/** Steps through days. */
import { ActionIcon, Button, Group } from '@mantine/core';
import { DatePickerInput } from '@mantine/dates';
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { shiftDate } from '../shared/times.ts';

interface DayPickerProps {
  readonly date: string | undefined;
  readonly today: string | undefined;
  readonly onChange: (date: string) => void;
}

/** Previous day, a calendar, next day, and the way back to today. */
export function DayPicker({ date, today, onChange }: DayPickerProps) {
  const { t } = useTranslation();
  const step = (days: number) => () => date !== undefined && onChange(shiftDate(date, days));
  return (
    <Group gap={6} wrap="nowrap">
      {date === today ? null : (
        <Button variant="subtle" size="sm" onClick={() => today !== undefined && onChange(today)}>
          {t('session.backToToday')}
        </Button>
      )}
      <ActionIcon
        variant="default"
        size={36}
        onClick={step(-1)}
        aria-label={t('session.previousDay')}
      >
        <IconChevronLeft size={18} aria-hidden />
      </ActionIcon>
      <DatePickerInput
        aria-label={t('session.chooseDay')}
        value={date ?? null}
        valueFormat="ddd D MMM"
        w={124}
        onChange={(value) => value !== null && onChange(value)}
        popoverProps={{ shadow: 'md' }}
      />
      <ActionIcon variant="default" size={36} onClick={step(1)} aria-label={t('session.nextDay')}>
        <IconChevronRight size={18} aria-hidden />
      </ActionIcon>
    </Group>
  );
}

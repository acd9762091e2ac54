/** Narrows a day of many sessions: by state, by words. */
import { Group, SegmentedControl, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { SESSION_STATUSES, type Session, type SessionStatus } from '../api/types.ts';
import { fullName } from '../shared/person-name.ts';

/** What narrows the day. */
export interface SessionFilter {
  readonly status: SessionStatus | 'all';
  readonly text: string;
}

/** Shows everything. */
export const NO_FILTER: SessionFilter = { status: 'all', text: '' };

/** The sessions a filter lets through. */
export function filterSessions(
  sessions: readonly Session[],
  { status, text }: SessionFilter,
): readonly Session[] {
  const words = text.trim().toLowerCase().split(/\s+/);
  return sessions.filter((session) => {
    if (status !== 'all' && session.status !== status) return false;
    const { course, section_name: section } = session.course_section;
    const searched = [course.code, course.name, section, session.room, fullName(session.faculty)]
      .join(' ')
      .toLowerCase();
    return words.every((word) => searched.includes(word));
  });
}

interface SessionFilterBarProps {
  readonly filter: SessionFilter;
  readonly onChange: (filter: SessionFilter) => void;
  readonly sessions: readonly Session[];
}

/** The filter's controls; states that do not occur today are left out. */
export function SessionFilterBar({ filter, onChange, sessions }: SessionFilterBarProps) {
  const { t } = useTranslation();
  const occurring = SESSION_STATUSES.filter((status) =>
    sessions.some((session) => session.status === status),
  );
  return (
    <Group mb="md" gap="sm" wrap="wrap">
      <TextInput
        type="search"
        aria-label={t('session.filterText')}
        placeholder={t('session.filterText')}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={filter.text}
        onChange={(event) => onChange({ ...filter, text: event.currentTarget.value })}
        miw={240}
        flex={1}
      />
      <SegmentedControl
        aria-label={t('session.filterStatus')}
        value={filter.status}
        onChange={(status) => onChange({ ...filter, status: status })}
        data={[
          { value: 'all', label: t('common.all') },
          ...occurring.map((status) => ({ value: status, label: t(`session.status.${status}`) })),
        ]}
      />
    </Group>
  );
}

/** One section: its figures, how its students are spread, and the list of them. */
import { Checkbox, Group, SimpleGrid, Text, TextInput } from '@mantine/core';
import { IconSchool, IconSearch, IconSearchOff } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CourseStatistics, CourseStudent } from '../api/types.ts';
import { fullName } from '../shared/person-name.ts';
import { Empty } from '../shared/states.tsx';
import { showMoment } from '../shared/times.ts';
import { useZone } from '../shared/use-zone.ts';
import { Figure } from './figure.tsx';
import { isShort } from '../shared/is-short.ts';
import { showBasisPoints } from './show-basis-points.ts';
import { SpreadChart } from './spread-chart.tsx';
import './statistics.css';
import { StudentTable } from './student-table.tsx';

/** The view of a section. */
export function CourseView({ statistics }: { readonly statistics: CourseStatistics }) {
  const { t } = useTranslation();
  const zone = useZone();
  const [text, setText] = useState('');
  const [isOnlyBelow, setIsOnlyBelow] = useState(false);
  const { students, threshold_percent: percent, as_of: asOf } = statistics;
  if (students.length === 0) {
    return (
      <Empty
        icon={IconSchool}
        title={t('statistics.noStudents')}
        text={t('statistics.noStudentsText')}
      />
    );
  }
  const shown = students.filter(
    (row) => matches(row, text) && (!isOnlyBelow || isShort(row.verdict)),
  );
  return (
    <>
      <Figures statistics={statistics} />
      <SpreadChart students={students} threshold={percent} />
      <Group gap="md" my="md">
        <TextInput
          type="search"
          aria-label={t('statistics.find')}
          placeholder={t('statistics.find')}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          miw={240}
          flex={1}
        />
        <Checkbox
          label={t('statistics.onlyBelow', { percent })}
          checked={isOnlyBelow}
          onChange={(event) => setIsOnlyBelow(event.currentTarget.checked)}
        />
      </Group>
      {shown.length === 0 ? (
        <Empty
          icon={IconSearchOff}
          title={t('statistics.noMatch')}
          text={t('statistics.noMatchText')}
        />
      ) : (
        <StudentTable
          students={shown}
          caption={t('statistics.caption', {
            course: `${statistics.course_section.course.name}, ${statistics.course_section.section_name}`,
          })}
        />
      )}
      <Text size="xs" c="dimmed" mt="sm">
        {t('statistics.asOf', { time: showMoment(asOf, zone) })}
      </Text>
    </>
  );
}

function matches({ student }: CourseStudent, text: string): boolean {
  const searched = `${fullName(student)} ${student.roll_number}`.toLowerCase();
  return text
    .trim()
    .toLowerCase()
    .split(/\s+/)
    .every((word) => searched.includes(word));
}

function Figures({ statistics }: { readonly statistics: CourseStatistics }) {
  const { t } = useTranslation();
  const {
    students,
    average_bp: average,
    total_sessions: total,
    not_taken: notTaken,
    threshold_percent: percent,
  } = statistics;
  const below = students.filter(({ verdict }) => isShort(verdict)).length;
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }} spacing={{ base: 'xs', xs: 'md' }}>
      <Figure
        name={t('statistics.average')}
        value={average === null ? '–' : `${showBasisPoints(average)}\u00a0%`}
      />
      <Figure
        name={t('statistics.held')}
        value={total}
        hint={notTaken === 0 ? undefined : t('statistics.notTaken', { count: notTaken })}
      />
      <Figure
        name={t('statistics.below', { percent })}
        value={below}
        hint={t('statistics.ofStudents', { count: students.length })}
      />
    </SimpleGrid>
  );
}

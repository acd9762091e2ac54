/** A page of the report: one row per student and course. */
import { Paper, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { EligibilityRow } from '../api/types.ts';
import { VerdictChip } from '../shared/chips.tsx';
import { fullName } from '../shared/person-name.ts';
import { isShort } from '../shared/is-short.ts';
import './reports.css';

/** The table; narrow screens put roll number and course below the name. */
export function EligibilityTable({ rows }: { readonly rows: readonly EligibilityRow[] }) {
  const { t } = useTranslation();
  return (
    <Paper className="report-table-paper">
      <Table verticalSpacing="xs" className="report-table numbers" highlightOnHover>
        <caption className="hidden-visually">{t('report.caption')}</caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th data-column="roll">{t('statistics.roll')}</Table.Th>
            <Table.Th>{t('statistics.student')}</Table.Th>
            <Table.Th data-column="course">{t('report.course')}</Table.Th>
            <Table.Th data-column="attended">{t('statistics.attended')}</Table.Th>
            <Table.Th data-column="percent">{t('statistics.percent')}</Table.Th>
            <Table.Th>{t('report.verdict')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <ReportRow key={`${row.student.id} ${row.course_section.id}`} row={row} />
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}

function ReportRow({ row }: { readonly row: EligibilityRow }) {
  const { t } = useTranslation();
  const { student, course_section: section, attendance_percentage: shown } = row;
  return (
    <Table.Tr data-short={isShort(row.verdict)}>
      <Table.Td data-column="roll">{student.roll_number}</Table.Td>
      <Table.Th scope="row">
        {fullName(student)}
        <Text size="xs" c="dimmed" className="report-below-name">
          {student.roll_number} · {section.course.code} {section.section_name}
        </Text>
      </Table.Th>
      <Table.Td data-column="course">
        {section.course.code} {section.course.name} · {section.section_name}
      </Table.Td>
      <Table.Td data-column="attended">
        {t('statistics.ofHeld', { attended: row.attended, held: row.held })}
      </Table.Td>
      <Table.Td data-column="percent">
        <Text size="sm" fw={620}>
          {shown === null ? '–' : `${shown}\u00a0%`}
        </Text>
        <Text size="xs" c="dimmed" className="report-below-percent">
          {t('statistics.ofHeld', { attended: row.attended, held: row.held })}
        </Text>
      </Table.Td>
      <Table.Td>
        <VerdictChip verdict={row.verdict} />
      </Table.Td>
    </Table.Tr>
  );
}

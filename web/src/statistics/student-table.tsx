/** The students of a section with their numbers, sortable by each column. */
import { Paper, Table, Text, UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconArrowsSort } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CourseStudent } from '../api/types.ts';
import { ThresholdMeter } from '../shared/threshold-meter.tsx';
import { VerdictChip } from '../shared/chips.tsx';
import { fullName } from '../shared/person-name.ts';
import { isShort } from '../shared/is-short.ts';
import { COLUMNS, sortStudents, type Column, type Order } from './sort-students.ts';

interface StudentTableProps {
  readonly students: readonly CourseStudent[];
  readonly caption: string;
}

/** The table; narrow screens leave out what the other columns imply. */
export function StudentTable({ students, caption }: StudentTableProps) {
  const [order, setOrder] = useState<Order>({ column: 'roll', isDown: false });
  const sortBy = (column: Column): void =>
    setOrder({ column, isDown: column === order.column && !order.isDown });
  return (
    <Paper className="student-table-paper">
      <Table verticalSpacing="xs" className="student-table numbers" highlightOnHover>
        <caption className="hidden-visually">{caption}</caption>
        <Table.Thead>
          <Table.Tr>
            {COLUMNS.map((column) => (
              <SortableHeader key={column} column={column} order={order} onSort={sortBy} />
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {sortStudents(students, order).map((row) => (
            <StudentRow key={row.student.id} row={row} />
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}

interface SortableHeaderProps {
  readonly column: Column;
  readonly order: Order;
  readonly onSort: (column: Column) => void;
}

function SortableHeader({ column, order, onSort }: SortableHeaderProps) {
  const { t } = useTranslation();
  const isSorted = order.column === column;
  const Icon = !isSorted ? IconArrowsSort : order.isDown ? IconArrowDown : IconArrowUp;
  const name =
    column === 'late' || column === 'absent' || column === 'excused'
      ? t(`mark.${column}`)
      : t(`statistics.${column}`);
  return (
    <Table.Th
      data-column={column}
      aria-sort={!isSorted ? 'none' : order.isDown ? 'descending' : 'ascending'}
    >
      <UnstyledButton
        className="sort-button"
        onClick={() => onSort(column)}
        aria-label={`${name}: ${t('statistics.sortBy', { column: name })}`}
      >
        {name}
        <Icon size={14} aria-hidden data-sorted={isSorted} />
      </UnstyledButton>
    </Table.Th>
  );
}

interface StudentRowProps {
  readonly row: CourseStudent;
}

function StudentRow({ row }: StudentRowProps) {
  const { t } = useTranslation();
  const { student, attendance_percentage: shown } = row;
  return (
    <Table.Tr data-short={isShort(row.verdict)}>
      <Table.Td data-column="roll">{student.roll_number}</Table.Td>
      <Table.Th scope="row" data-column="student">
        {fullName(student)}
        <Text size="xs" c="dimmed" className="student-roll">
          {student.roll_number}
        </Text>
      </Table.Th>
      <Table.Td data-column="attended">
        {t('statistics.ofHeld', { attended: row.attended, held: row.held })}
      </Table.Td>
      <Table.Td data-column="late">{row.late_count}</Table.Td>
      <Table.Td data-column="absent">{row.absent_count}</Table.Td>
      <Table.Td data-column="excused">{row.excused_count}</Table.Td>
      <Table.Td data-column="percent">
        <div className="student-percent">
          <Text size="sm" fw={620}>
            {shown === null ? '–' : `${shown}\u00a0%`}
          </Text>
          <Text size="xs" c="dimmed" className="student-attended">
            {t('statistics.ofHeld', { attended: row.attended, held: row.held })}
          </Text>
          <ThresholdMeter
            label={fullName(student)}
            value={row.value_bp}
            shown={shown}
            threshold={row.threshold_percent}
            verdict={row.verdict}
          />
        </div>
      </Table.Td>
      <Table.Td data-column="verdict">
        <VerdictChip verdict={row.verdict} />
      </Table.Td>
    </Table.Tr>
  );
}

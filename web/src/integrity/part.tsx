/** A part of the report: a title, what it means, and a table of which the first rows show. */
import { Anchor, Button, Paper, Table, Text, Title } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { DatedSession } from '../api/integrity.ts';
import type { StudentName } from '../api/types.ts';
import { fullName } from '../shared/person-name.ts';
import { showDate, showTime } from '../shared/times.ts';
import { useZone } from '../shared/use-zone.ts';
import { isCut } from './listed.ts';

/** Enough to see what is going on; the rest is a press away. */
const FIRST_ROWS = 8;

interface PartProps<Row> {
  readonly title: string;
  readonly lead: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** What a list that is cut begins with: the newest by default. */
  readonly begins?: 'newest' | 'first';
  readonly children: (row: Row, index: number) => ReactNode;
}

/** The part; nothing without rows. */
export function Part<Row>(props: PartProps<Row>) {
  const { title, lead, columns, rows, begins = 'newest', children } = props;
  const { t } = useTranslation();
  const [isWhole, setIsWhole] = useState(false);
  if (rows.length === 0) return null;
  const shown = isWhole ? rows : rows.slice(0, FIRST_ROWS);
  return (
    <Paper component="section" className="integrity-part" aria-label={title}>
      <Title order={2} size="h4">
        {title}
      </Title>
      <Text size="sm" c="dimmed" mb="xs">
        {lead}
      </Text>
      <Table verticalSpacing="xs" className="integrity-table numbers">
        <caption className="hidden-visually">{title}</caption>
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <Table.Th key={column}>{column}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{shown.map(children)}</Table.Tbody>
      </Table>
      {rows.length > shown.length ? (
        <Button size="xs" variant="default" mt="sm" onClick={() => setIsWhole(true)}>
          {t(isCut(rows) ? `integrity.showCut.${begins}` : 'integrity.showAll', {
            count: rows.length,
          })}
        </Button>
      ) : isCut(rows) ? (
        <Text size="xs" c="dimmed" mt="sm">
          {t(`integrity.isCut.${begins}`, { count: rows.length })}
        </Text>
      ) : null}
    </Paper>
  );
}

interface StudentCellProps {
  readonly student: StudentName;
  /** The class whose roll shows the record; no link without one. */
  readonly session: DatedSession | null;
  /** The class is named below the student. */
  readonly namesClass?: boolean;
}

/** Name and roll number; leads to the record in its class. */
export function StudentCell({ student, session, namesClass = false }: StudentCellProps) {
  const zone = useZone();
  const name = fullName(student);
  const when = session !== null && namesClass ? ` · ${showClass(session, zone)}` : '';
  return (
    <>
      {session === null ? (
        <Text size="sm" fw={540} span>
          {name}
        </Text>
      ) : (
        <Anchor
          component={Link}
          to={`/sessions/${session.id}?student=${student.id}`}
          size="sm"
          fw={540}
        >
          {name}
        </Anchor>
      )}
      <Text size="xs" c="dimmed">
        {student.roll_number}
        {when}
      </Text>
    </>
  );
}

/** When the class was; leads to its roll. */
export function SessionCell({ session }: { readonly session: DatedSession }) {
  const zone = useZone();
  return (
    <Anchor component={Link} to={`/sessions/${session.id}`} size="sm">
      {showClass(session, zone)}
    </Anchor>
  );
}

const showClass = (session: DatedSession, zone: string): string =>
  `${showDate(session.scheduled_date)}, ${showTime(session.start_datetime, zone)}`;

/** Numbers by who marked, and by why a scan was refused. */
import { Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { IntegrityReport } from '../api/integrity.ts';
import { fullName } from '../shared/person-name.ts';
import { english } from '../texts/set-up-texts.ts';
import { Part } from './part.tsx';
import { useReasons } from './student-signs.tsx';

interface StaffProps {
  readonly rows: IntegrityReport['fallbacks']['by_staff'];
}

/** Who marked without scans, and with which reasons. */
export function StaffFallbacks({ rows }: StaffProps) {
  const { t } = useTranslation();
  const reasonsOf = useReasons();
  return (
    <Part
      title={t('integrity.staff')}
      lead={t('integrity.staffLead')}
      columns={[t('integrity.person'), t('integrity.marks'), t('integrity.reasons')]}
      rows={rows}
      begins="first"
    >
      {(row) => (
        <Table.Tr key={row.staff.id}>
          <Table.Th scope="row">{fullName(row.staff)}</Table.Th>
          <Table.Td>{row.marks}</Table.Td>
          <Table.Td>{reasonsOf(row)}</Table.Td>
        </Table.Tr>
      )}
    </Part>
  );
}

interface RefusalsProps {
  readonly rows: IntegrityReport['refusals'];
}

/** Why scans were refused. */
export function Refusals({ rows }: RefusalsProps) {
  const { t } = useTranslation();
  return (
    <Part
      title={t('integrity.refusals')}
      lead={t('integrity.refusalsLead')}
      columns={[t('integrity.why'), t('integrity.times')]}
      rows={rows}
      begins="first"
    >
      {({ code, times }) => (
        <Table.Tr key={code}>
          <Table.Th scope="row">{t(`integrity.refusal.${keyOf(code)}`)}</Table.Th>
          <Table.Td>{times}</Table.Td>
        </Table.Tr>
      )}
    </Part>
  );
}

const words = english.integrity.refusal;

/** A code that the texts do not know has the words of any other. */
const keyOf = (code: string): keyof typeof words =>
  Object.hasOwn(words, code) ? (code as keyof typeof words) : 'other';

/** The students whose entries stand out, each with why in words. */
import { Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { StudentSigns as Signs, Unscanned } from '../api/integrity.ts';
import { Part, StudentCell } from './part.tsx';

/** The part. */
export function StudentSigns({ rows }: { readonly rows: readonly Signs[] }) {
  const { t } = useTranslation();
  const signsOf = useSigns();
  return (
    <Part
      title={t('integrity.students')}
      lead={t('integrity.studentsLead')}
      columns={[t('statistics.student'), t('integrity.why')]}
      rows={rows}
      begins="first"
    >
      {(row) => (
        <Table.Tr key={row.student.id} data-student={row.student.id}>
          <Table.Th scope="row">
            <StudentCell student={row.student} session={row.latest_session} />
            {row.fallback_often ? <Often text={t('integrity.fallbackOften')} /> : null}
            {row.offline_often ? <Often text={t('integrity.offlineOften')} /> : null}
          </Table.Th>
          <Table.Td>
            <ul className="integrity-signs">
              {signsOf(row).map((sign) => (
                <li key={sign}>{sign}</li>
              ))}
            </ul>
          </Table.Td>
        </Table.Tr>
      )}
    </Part>
  );
}

function Often({ text }: { readonly text: string }) {
  return (
    <Text size="xs" className="integrity-often">
      {text}
    </Text>
  );
}

/** What stands out of a student, the gravest first. */
function useSigns(): (row: Signs) => readonly string[] {
  const { t } = useTranslation();
  const reasonsOf = useReasons();
  return (row) => [
    ...(row.flagged === 0 ? [] : [t('integrity.sign.flagged', { count: row.flagged })]),
    ...(row.refused === 0 ? [] : [t('integrity.sign.refused', { count: row.refused })]),
    ...(row.missed_rechecks === 0
      ? []
      : [t('integrity.sign.missed', { count: row.missed_rechecks })]),
    ...(row.device_changes === 0
      ? []
      : [t('integrity.sign.device', { count: row.device_changes })]),
    ...(row.offline === 0
      ? []
      : [t('integrity.sign.offline', { offline: row.offline, scans: row.scans })]),
    ...(row.fallbacks.marks === 0
      ? []
      : [
          t('integrity.sign.unscanned', {
            marks: row.fallbacks.marks,
            attended: row.attended,
            reasons: reasonsOf(row.fallbacks),
          }),
        ]),
  ];
}

/** The categories with their numbers, in words. */
export function useReasons(): (unscanned: Unscanned) => string {
  const { t } = useTranslation();
  return ({ reasons, unexplained }) =>
    [
      ...reasons.map(({ fallback, marks }) => `${t(`fallback.${fallback}`)} ${marks}`),
      ...(unexplained === 0 ? [] : [`${t('integrity.unexplained')} ${unexplained}`]),
    ].join(', ');
}

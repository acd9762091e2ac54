/** Single things that deserve a look: scans, phones, head counts. */
import { Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { DeviceChange, FlaggedScan, HeadCountGap, SharedAttempt } from '../api/integrity.ts';
import { fullName } from '../shared/person-name.ts';
import { showMoment } from '../shared/times.ts';
import { useZone } from '../shared/use-zone.ts';
import { Part, SessionCell, StudentCell } from './part.tsx';

interface RowsProps<Row> {
  readonly rows: readonly Row[];
}

/** Scans that counted, with what spoke against them. */
export function FlaggedScans({ rows }: RowsProps<FlaggedScan>) {
  const { t } = useTranslation();
  const wordsOf = ({ via, risk_parts: parts }: FlaggedScan): string =>
    [
      ...(via === 'static_qr' ? [t('integrity.staticCode')] : []),
      ...parts.map(({ signal, points }) => `${t(`integrity.signal.${signal}`)} (${points})`),
    ].join(', ');
  return (
    <Part
      title={t('integrity.flagged')}
      lead={t('integrity.flaggedLead')}
      columns={[t('statistics.student'), t('integrity.signals')]}
      rows={rows}
    >
      {(row, index) => (
        <Table.Tr key={index}>
          <Table.Th scope="row">
            <StudentCell student={row.student} session={row.session} namesClass />
          </Table.Th>
          <Table.Td>
            {wordsOf(row)}
            <Text size="xs" c="dimmed">
              {t('integrity.score', { score: row.risk_score })}
            </Text>
          </Table.Td>
        </Table.Tr>
      )}
    </Part>
  );
}

/** Phones that were tried for a second student. */
export function SharedPhones({ rows }: RowsProps<SharedAttempt>) {
  const { t } = useTranslation();
  return (
    <Part
      title={t('integrity.shared')}
      lead={t('integrity.sharedLead')}
      columns={[t('integrity.tried'), t('integrity.hadMarked')]}
      rows={rows}
    >
      {(row, index) => (
        <Table.Tr key={index}>
          <Table.Th scope="row">
            <StudentCell student={row.student} session={row.session} namesClass />
          </Table.Th>
          <Table.Td>
            {row.other_student === null ? (
              t('integrity.otherSection')
            ) : (
              <StudentCell student={row.other_student} session={row.session} namesClass />
            )}
          </Table.Td>
        </Table.Tr>
      )}
    </Part>
  );
}

/** Head counts that did not fit the marks. */
export function HeadCountGaps({ rows }: RowsProps<HeadCountGap>) {
  const { t } = useTranslation();
  return (
    <Part
      title={t('integrity.gaps')}
      lead={t('integrity.gapsLead')}
      columns={[t('integrity.class'), t('integrity.counted'), t('integrity.countedBy')]}
      rows={rows}
    >
      {(row, index) => (
        <Table.Tr key={index}>
          <Table.Th scope="row">
            <SessionCell session={row.session} />
          </Table.Th>
          <Table.Td>
            {t('integrity.headsAndMarks', { heads: row.heads, marked: row.marked })}
            <Text size="xs" c="dimmed">
              {t(
                row.outcome === 'headcount_excess' ? 'integrity.moreMarks' : 'integrity.moreHeads',
              )}
            </Text>
          </Table.Td>
          <Table.Td>{fullName(row.counted_by)}</Table.Td>
        </Table.Tr>
      )}
    </Part>
  );
}

/** Students with another device than their first. */
export function DeviceChanges({ rows }: RowsProps<DeviceChange>) {
  const { t } = useTranslation();
  const zone = useZone();
  return (
    <Part
      title={t('integrity.devices')}
      lead={t('integrity.devicesLead')}
      columns={[t('statistics.student'), t('integrity.when'), t('integrity.state')]}
      rows={rows}
    >
      {(row, index) => (
        <Table.Tr key={index}>
          <Table.Th scope="row">
            <StudentCell student={row.student} session={null} />
          </Table.Th>
          <Table.Td>{showMoment(row.at, zone)}</Table.Td>
          <Table.Td>{t(`integrity.device.${row.status}`)}</Table.Td>
        </Table.Tr>
      )}
    </Part>
  );
}

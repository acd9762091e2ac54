/** The report of a section: its numbers, why there was no scan, and who and what stands out. */
import { SimpleGrid } from '@mantine/core';
import { IconShieldCheck } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { IntegrityReport } from '../api/integrity.ts';
import { Empty } from '../shared/states.tsx';
import { Figure } from '../statistics/figure.tsx';
import { FallbackChart } from './fallback-chart.tsx';
import { Refusals, StaffFallbacks } from './count-tables.tsx';
import { DeviceChanges, FlaggedScans, HeadCountGaps, SharedPhones } from './event-tables.tsx';
import { StudentSigns } from './student-signs.tsx';

interface ViewProps {
  readonly report: IntegrityReport;
}

/** The view. */
export function IntegrityView({ report }: ViewProps) {
  const { t } = useTranslation();
  if (report.sessions === 0) {
    return (
      <Empty
        icon={IconShieldCheck}
        title={t('integrity.noClasses')}
        text={t('integrity.noClassesText')}
      />
    );
  }
  return (
    <>
      <Figures report={report} />
      {isQuiet(report) ? (
        <Empty
          icon={IconShieldCheck}
          title={t('integrity.quiet')}
          text={t('integrity.quietText')}
        />
      ) : (
        <div className="integrity-parts">
          <StudentSigns rows={report.students} />
          <div className="integrity-columns">
            <FallbackChart fallbacks={report.fallbacks} />
            <StaffFallbacks rows={report.fallbacks.by_staff} />
            <FlaggedScans rows={report.flagged_scans} />
            <SharedPhones rows={report.shared_device_attempts} />
            <HeadCountGaps rows={report.head_count_gaps} />
            <DeviceChanges rows={report.device_changes} />
            <Refusals rows={report.refusals} />
          </div>
        </div>
      )}
    </>
  );
}

/** Nothing that any part below would show. */
function isQuiet(report: IntegrityReport): boolean {
  const { students, fallbacks, refusals, head_count_gaps: gaps } = report;
  return students.length + fallbacks.marks + refusals.length + gaps.length === 0;
}

function Figures({ report }: ViewProps) {
  const { t } = useTranslation();
  const { fallbacks, scans, rechecks, refusals } = report;
  const refused = refusals.reduce((sum, { times }) => sum + times, 0);
  const { offline_percent: percent } = scans;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing={{ base: 'xs', xs: 'md' }}>
      <Figure
        name={t('integrity.unscanned')}
        value={fallbacks.marks}
        hint={t('integrity.unexplainedCount', { count: fallbacks.unexplained })}
      />
      <Figure
        name={t('integrity.flagged')}
        value={scans.flagged}
        hint={t('integrity.ofScans', { count: scans.scans })}
      />
      <Figure
        name={t('integrity.refused')}
        value={refused}
        hint={t('integrity.sharedCount', { count: report.shared_device_attempts_total })}
      />
      <Figure
        name={t('integrity.offline')}
        value={percent === null ? '–' : `${percent}\u00a0%`}
        hint={t('integrity.ofScansOffline', { offline: scans.offline, scans: scans.scans })}
      />
      <Figure
        name={t('integrity.missed')}
        value={rechecks.missed}
        hint={t('integrity.ofPicked', { count: rechecks.picked })}
      />
      <Figure
        name={t('integrity.gaps')}
        value={report.head_count_gaps_total}
        hint={t('integrity.ofClasses', {
          count: report.sessions,
          coded: report.sessions_with_codes,
        })}
      />
    </SimpleGrid>
  );
}

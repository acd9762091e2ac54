/** The exam cell's report: who may sit which exam. */
import { Button, Group, Pagination, Select, SimpleGrid, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { IconPrinter, IconUsers } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { queryKeys } from '../api/query-keys.ts';
import { readEligibility, type EligibilityFilters } from '../api/statistics.ts';
import { VERDICTS, type EligibilityReport, type Verdict } from '../api/types.ts';
import { useApp, useUser } from '../app-context.ts';
import { VerdictChip } from '../shared/chips.tsx';
import { PageHeader } from '../shared/page-header.tsx';
import { SectionSelect } from '../shared/section-select.tsx';
import { Empty, LoadFailed, LoadingCards } from '../shared/states.tsx';
import { NotAllowedPage } from '../shell/not-found-page.tsx';
import { rightsOf } from '../shell/rights.ts';
import { Figure } from '../statistics/figure.tsx';
import { EligibilityTable } from './eligibility-table.tsx';
import { useReportFilters, type ReportFilters } from './use-report-filters.ts';

/** The API's page when none is asked for (docs/api.md). */
const PAGE_SIZE = 50;
/** Named even when nobody has them; the others only where a regulation knows them. */
const ALWAYS_SHOWN: readonly Verdict[] = ['eligible', 'not_eligible', 'insufficient_data'];

/** The page; filters and page number are part of the address. */
export function EligibilityPage() {
  const user = useUser();
  return rightsOf(user).seesReport ? <Report /> : <NotAllowedPage />;
}

function Report() {
  const { t } = useTranslation();
  const [filters, setFilters] = useReportFilters();
  const { data, error, refetch, isPlaceholderData } = useReport(filters);
  const percent = data?.threshold_percent;
  return (
    <>
      <PageHeader
        title={t('report.title')}
        lead={percent === undefined ? t('report.leadPlain') : t('report.lead', { percent })}
        actions={
          <Button
            variant="default"
            leftSection={<IconPrinter size={17} aria-hidden />}
            onClick={() => window.print()}
          >
            {t('report.print')}
          </Button>
        }
      />
      <FilterBar filters={filters} onChange={setFilters} />
      {data === undefined ? (
        error === null ? (
          <LoadingCards count={3} />
        ) : (
          <LoadFailed error={error} onRetry={() => void refetch()} />
        )
      ) : (
        <div aria-busy={isPlaceholderData} className="report" data-old={isPlaceholderData}>
          <VerdictFigures counts={data.counts} />
          <Rows report={data} filters={filters} onChange={setFilters} />
        </div>
      )}
    </>
  );
}

function useReport({ section, verdict, page }: ReportFilters) {
  const { api } = useApp();
  const filters: EligibilityFilters = { course_section: section, verdict, page };
  return useQuery({
    queryKey: queryKeys.eligibility(filters),
    queryFn: ({ signal }) => readEligibility(api, filters, signal),
    // The old page stays while the next one is read, so that the table does not jump.
    placeholderData: keepPreviousData,
  });
}

interface FilterBarProps {
  readonly filters: ReportFilters;
  readonly onChange: (filters: ReportFilters) => void;
}

function FilterBar({ filters, onChange }: FilterBarProps) {
  const { t } = useTranslation();
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md" mb="md" className="no-print">
      <SectionSelect
        label={t('report.course')}
        placeholder={t('report.allCourses')}
        clearable
        value={filters.section}
        onChange={(section) => onChange({ ...filters, section, page: 1 })}
      />
      <Select
        label={t('report.verdict')}
        placeholder={t('common.all')}
        clearable
        value={filters.verdict}
        onChange={(verdict) => onChange({ ...filters, verdict, page: 1 })}
        data={VERDICTS.map((value) => ({ value, label: t(`verdict.${value}`) }))}
        comboboxProps={{ shadow: 'md' }}
      />
    </SimpleGrid>
  );
}

function VerdictFigures({
  counts,
}: {
  readonly counts: Readonly<Partial<Record<Verdict, number>>>;
}) {
  const isShown = (verdict: Verdict): boolean =>
    ALWAYS_SHOWN.includes(verdict) || (counts[verdict] ?? 0) > 0;
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }} spacing={{ base: 'xs', xs: 'md' }} mb="md">
      {VERDICTS.filter(isShown).map((verdict) => (
        <Figure
          key={verdict}
          name={<VerdictChip verdict={verdict} />}
          value={counts[verdict] ?? 0}
        />
      ))}
    </SimpleGrid>
  );
}

interface RowsProps extends FilterBarProps {
  readonly report: EligibilityReport;
}

function Rows({ report, filters, onChange }: RowsProps) {
  const { t } = useTranslation();
  const { results, count } = report;
  if (results.length === 0) {
    return <Empty icon={IconUsers} title={t('report.empty')} text={t('report.emptyText')} />;
  }
  const from = (filters.page - 1) * PAGE_SIZE + 1;
  return (
    <>
      <EligibilityTable rows={results} />
      <Group justify="space-between" mt="md" gap="sm">
        <Text size="sm" c="dimmed" className="numbers">
          {t('report.range', { from, to: from + results.length - 1, count })}
        </Text>
        {count <= PAGE_SIZE ? null : (
          <Pagination
            className="no-print"
            total={Math.ceil(count / PAGE_SIZE)}
            value={filters.page}
            onChange={(page) => onChange({ ...filters, page })}
            aria-label={t('report.pages')}
            getItemProps={(page) => ({ 'aria-label': t('common.page', { page }) })}
            getControlProps={(control) => ({
              'aria-label': t(control === 'next' ? 'report.nextPage' : 'report.previousPage'),
            })}
          />
        )}
      </Group>
      {results.every(({ consequence }) => consequence === 'advise') ? (
        <Text size="xs" c="dimmed" mt="sm">
          {t('report.advice')}
        </Text>
      ) : null}
    </>
  );
}

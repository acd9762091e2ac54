/** Where presence in a section was claimed in ways that deserve a look. */
import { SimpleGrid } from '@mantine/core';
import { DatePickerInput } from '@mantine/dates';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { IconSchool, IconShieldSearch } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { readIntegrity } from '../api/integrity.ts';
import { queryKeys } from '../api/query-keys.ts';
import { useApp, useUser } from '../app-context.ts';
import { PageHeader } from '../shared/page-header.tsx';
import { SectionSelect, useSections } from '../shared/section-select.tsx';
import { Empty, LoadFailed, LoadingCards } from '../shared/states.tsx';
import { NotAllowedPage } from '../shell/not-found-page.tsx';
import { rightsOf } from '../shell/rights.ts';
import './integrity.css';
import { IntegrityView } from './integrity-view.tsx';
import { useIntegrityFilters, type ReportFilters } from './use-integrity-filters.ts';

/** The page; section and days are part of the address. */
export function IntegrityPage() {
  const { t } = useTranslation();
  const user = useUser();
  if (!rightsOf(user).seesIntegrity) return <NotAllowedPage />;
  return (
    <>
      <PageHeader title={t('integrity.title')} lead={t('integrity.lead')} />
      <Chosen />
    </>
  );
}

function Chosen() {
  const { t } = useTranslation();
  const { data: sections, error, refetch } = useSections();
  const [chosen, setFilters] = useIntegrityFilters();
  if (sections === undefined) {
    return error === null ? (
      <LoadingCards count={2} />
    ) : (
      <LoadFailed error={error} onRetry={() => void refetch()} />
    );
  }
  if (sections.length === 0) {
    return (
      <Empty
        icon={IconSchool}
        title={t('statistics.noSections')}
        text={t('statistics.noSectionsText')}
      />
    );
  }
  // Who teaches a single section has nothing to choose.
  const only = sections.length === 1 ? (sections[0]?.id ?? null) : null;
  const filters = { ...chosen, section: chosen.section ?? only };
  return (
    <>
      <FilterBar filters={filters} onChange={setFilters} />
      {filters.section === null ? (
        <Empty
          icon={IconShieldSearch}
          title={t('integrity.chooseTitle')}
          text={t('integrity.chooseText')}
        />
      ) : (
        <Report section={filters.section} from={filters.from} to={filters.to} />
      )}
    </>
  );
}

interface FilterBarProps {
  readonly filters: ReportFilters;
  readonly onChange: (filters: ReportFilters) => void;
}

function FilterBar({ filters, onChange }: FilterBarProps) {
  const { t } = useTranslation();
  const { from, to } = filters;
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="md" mb="md" className="no-print">
      <SectionSelect
        label={t('statistics.choose')}
        value={filters.section}
        onChange={(section) => onChange({ ...filters, section })}
      />
      <DatePickerInput
        label={t('integrity.from')}
        placeholder={t('integrity.anyDay')}
        value={from}
        onChange={(day) => onChange({ ...filters, from: day })}
        {...(to === null ? {} : { maxDate: to })}
        valueFormat="ddd D MMM YYYY"
        clearable
        clearButtonProps={{ 'aria-label': t('common.clear') }}
        popoverProps={{ shadow: 'md' }}
      />
      <DatePickerInput
        label={t('integrity.to')}
        placeholder={t('integrity.anyDay')}
        value={to}
        onChange={(day) => onChange({ ...filters, to: day })}
        {...(from === null ? {} : { minDate: from })}
        valueFormat="ddd D MMM YYYY"
        clearable
        clearButtonProps={{ 'aria-label': t('common.clear') }}
        popoverProps={{ shadow: 'md' }}
      />
    </SimpleGrid>
  );
}

interface ReportProps {
  readonly section: string;
  readonly from: string | null;
  readonly to: string | null;
}

function Report({ section, from, to }: ReportProps) {
  const { api } = useApp();
  const filters = { course_section: section, date_from: from, date_to: to };
  const { data, error, refetch, isPlaceholderData } = useQuery({
    queryKey: queryKeys.integrity(filters),
    queryFn: ({ signal }) => readIntegrity(api, filters, signal),
    // The old numbers stay while the next ones are read, so that the page does not jump.
    placeholderData: keepPreviousData,
  });
  if (error !== null) return <LoadFailed error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingCards count={3} />;
  return (
    <div aria-busy={isPlaceholderData} className="integrity" data-old={isPlaceholderData}>
      <IntegrityView report={data} />
    </div>
  );
}

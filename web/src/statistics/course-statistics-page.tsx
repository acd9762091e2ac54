/** How the students of one section stand. */
import { useQuery } from '@tanstack/react-query';
import { IconChartBar, IconSchool } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { queryKeys } from '../api/query-keys.ts';
import { readCourseStatistics } from '../api/statistics.ts';
import { useApp, useUser } from '../app-context.ts';
import { PageHeader } from '../shared/page-header.tsx';
import { SectionSelect, useSections } from '../shared/section-select.tsx';
import { Empty, LoadFailed, LoadingCards } from '../shared/states.tsx';
import { NotAllowedPage } from '../shell/not-found-page.tsx';
import { rightsOf } from '../shell/rights.ts';
import { CourseView } from './course-view.tsx';

/** The page; the section is part of the address. */
export function CourseStatisticsPage() {
  const { t } = useTranslation();
  const user = useUser();
  if (!rightsOf(user).seesStatistics) return <NotAllowedPage />;
  return (
    <>
      <PageHeader title={t('statistics.title')} lead={t('statistics.lead')} />
      <ChosenSection />
    </>
  );
}

function ChosenSection() {
  const { t } = useTranslation();
  const { data: sections, error, refetch } = useSections();
  const [parameters, setParameters] = useSearchParams();
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
  const section = parameters.get('section') ?? only;
  return (
    <>
      <SectionSelect
        label={t('statistics.choose')}
        value={section}
        onChange={(id) => setParameters(id === null ? {} : { section: id }, { replace: true })}
      />
      {section === null ? (
        <Empty
          icon={IconChartBar}
          title={t('statistics.chooseTitle')}
          text={t('statistics.chooseText')}
        />
      ) : (
        <Statistics key={section} section={section} />
      )}
    </>
  );
}

function Statistics({ section }: { readonly section: string }) {
  const { api } = useApp();
  const { data, error, refetch } = useQuery({
    queryKey: queryKeys.courseStatistics(section),
    queryFn: ({ signal }) => readCourseStatistics(api, section, signal),
  });
  return (
    <div className="course-view">
      {data === undefined ? (
        error === null ? (
          <LoadingCards count={3} />
        ) : (
          <LoadFailed error={error} onRetry={() => void refetch()} />
        )
      ) : (
        <CourseView statistics={data} />
      )}
    </div>
  );
}

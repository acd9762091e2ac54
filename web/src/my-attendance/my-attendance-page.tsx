/** A student's own attendance: overall, by course, and every record behind the numbers. */
import { Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconSchool } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { queryKeys } from '../api/query-keys.ts';
import { readStudentStatistics } from '../api/statistics.ts';
import type { ListedRecord, StudentStatistics } from '../api/types.ts';
import { useApp, useUser } from '../app-context.ts';
import { CorrectionDialog } from '../requests/correction-dialog.tsx';
import { PageHeader } from '../shared/page-header.tsx';
import { Empty, LoadFailed, LoadingCards } from '../shared/states.tsx';
import { NotAllowedPage } from '../shell/not-found-page.tsx';
import { CourseCard } from './course-card.tsx';
import './my-attendance.css';
import { OverallCard } from './overall-card.tsx';

/** The page. */
export function MyAttendancePage() {
  const { student_id: student } = useUser();
  return student === null ? <NotAllowedPage /> : <OwnAttendance student={student} />;
}

function OwnAttendance({ student }: { readonly student: string }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const { data, error, refetch } = useQuery({
    queryKey: queryKeys.studentStatistics(student),
    queryFn: ({ signal }) => readStudentStatistics(api, student, signal),
  });
  const semester = data?.semester ?? data?.academic_year ?? null;
  return (
    <>
      <PageHeader
        title={t('mine.title')}
        lead={semester === null ? undefined : t('mine.lead', { semester })}
      />
      {data === undefined ? (
        error === null ? (
          <LoadingCards count={4} />
        ) : (
          <LoadFailed error={error} onRetry={() => void refetch()} />
        )
      ) : (
        <Courses statistics={data} />
      )}
    </>
  );
}

function Courses({ statistics }: { readonly statistics: StudentStatistics }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<ListedRecord | null>(null);
  const { courses, student } = statistics;
  if (courses.length === 0) {
    return (
      <Empty icon={IconSchool} title={t('mine.noCoursesTitle')} text={t('mine.noCoursesText')} />
    );
  }
  return (
    <>
      <OverallCard statistics={statistics} />
      <Title order={2} size="h4" mt="xl" mb="sm">
        {t('mine.courses')}
      </Title>
      <Stack gap="md">
        {courses.map((course) => (
          <CourseCard
            key={course.course_section.id}
            course={course}
            student={student.id}
            onCorrect={setAsked}
          />
        ))}
      </Stack>
      <CorrectionDialog record={asked} onClose={() => setAsked(null)} />
    </>
  );
}

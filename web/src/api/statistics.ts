/** Calls about statistics and exam eligibility. */
import type { ApiClient } from './client.ts';
import type { CourseStatistics, EligibilityReport, StudentStatistics } from './types.ts';

const BASE = '/api/v1/attendance/';

export const readStudentStatistics = (api: ApiClient, student: string, signal?: AbortSignal) =>
  api.request<StudentStatistics>({ path: `${BASE}statistics/student/${student}/`, signal });

export const readCourseStatistics = (api: ApiClient, section: string, signal?: AbortSignal) =>
  api.request<CourseStatistics>({ path: `${BASE}statistics/course/${section}/`, signal });

/** Filters of the report. */
export interface EligibilityFilters {
  readonly course_section?: string | null;
  readonly verdict?: string | null;
  readonly page?: number;
}

export const readEligibility = (
  api: ApiClient,
  filters: EligibilityFilters,
  signal?: AbortSignal,
) =>
  api.request<EligibilityReport>({
    path: `${BASE}reports/exam-eligibility/`,
    query: { ...filters },
    signal,
  });

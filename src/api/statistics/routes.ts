/** Routes of statistics and of the exam-eligibility report; each answers within the asker's scope. */
import { sectionScope, sectionStudentScope, studentScope } from '../../auth/scope.ts';
import {
  listStatistics,
  readSectionStatistics,
  readStudentStatistics,
} from '../../db/queries/statistics.ts';
import { appError } from '../../domain/errors.ts';
import { assessLine } from '../../operations/statistics/assess-line.ts';
import { loadThresholds } from '../../operations/statistics/load-thresholds.ts';
import { listBody } from '../paging.ts';
import { authorize, route, type Route } from '../route.ts';
import {
  countVerdicts,
  presentCourseStatistics,
  presentReportRow,
  presentStudentStatistics,
} from './presenter.ts';
import {
  courseStatisticsReply,
  reportQuery,
  reportReply,
  sectionParams,
  studentParams,
  studentQuery,
  studentStatisticsReply,
} from './schema.ts';

const BASE = '/api/v1/attendance';
const TAG = 'Statistics';
const PERMISSION = 'view_statistics';

/** The statistics routes. */
export function statisticsRoutes(): Route[] {
  return [ofStudent, ofSection, examEligibility];
}

const ofStudent = route({
  method: 'get',
  path: `${BASE}/statistics/student/:student_id`,
  summary: 'Attendance of a student, course by course',
  tag: TAG,
  access: authorize(PERMISSION),
  params: studentParams,
  query: studentQuery,
  replies: { 200: studentStatisticsReply },
  errors: ['not_found'],
  handler: async ({ params, query, principal, operation: { em, clock } }) => {
    const thresholds = await loadThresholds(em);
    const found = await readStudentStatistics(
      em,
      studentScope(principal, PERMISSION, 'st'),
      sectionStudentScope(principal, PERMISSION, 'cs', 'st'),
      params.student_id,
      { courseSection: query.course_section, dateFrom: query.date_from, dateTo: query.date_to },
    );
    if (!found) throw appError('not_found', 'There is no such student among those you may see.');
    const assessed = found.lines.map((line) => assessLine(line, thresholds.of(line.section)));
    return {
      status: 200,
      body: presentStudentStatistics(found, assessed, thresholds.institution, clock.now()),
    };
  },
});

const ofSection = route({
  method: 'get',
  path: `${BASE}/statistics/course/:course_section_id`,
  summary: 'Attendance of a section, student by student',
  tag: TAG,
  access: authorize(PERMISSION),
  params: sectionParams,
  replies: { 200: courseStatisticsReply },
  errors: ['not_found'],
  handler: async ({ params, principal, operation: { em, clock } }) => {
    const thresholds = await loadThresholds(em);
    const found = await readSectionStatistics(
      em,
      sectionScope(principal, PERMISSION, 'cs'),
      sectionStudentScope(principal, PERMISSION, 'cs', 'st'),
      params.course_section_id,
    );
    if (!found) throw appError('not_found', 'There is no such section among those you may see.');
    const least = thresholds.of(found.section);
    const assessed = found.lines.map((line) => assessLine(line, least));
    return { status: 200, body: presentCourseStatistics(found, assessed, least, clock.now()) };
  },
});

const examEligibility = route({
  method: 'get',
  path: `${BASE}/reports/exam-eligibility`,
  summary: 'Who may sit which examination, as far as attendance goes; advice, not a decision',
  tag: TAG,
  access: authorize(PERMISSION),
  query: reportQuery,
  replies: { 200: reportReply },
  errors: [],
  handler: async ({ query, principal, operation: { em }, request }) => {
    const thresholds = await loadThresholds(em);
    const lines = await listStatistics(em, sectionStudentScope(principal, PERMISSION, 'cs', 'st'), {
      courseSection: query.course_section,
      department: query.department,
      semester: query.semester,
    });
    const assessed = lines.map((line) => assessLine(line, thresholds.of(line.section)));
    const chosen = assessed.filter(({ verdict }) => verdict === (query.verdict ?? verdict));
    const first = (query.page - 1) * query.page_size;
    const results = chosen.slice(first, first + query.page_size).map(presentReportRow);
    return {
      status: 200,
      body: {
        ...listBody(request.originalUrl, query, { count: chosen.length, results }),
        threshold_percent: thresholds.institution.percent,
        counts: countVerdicts(assessed),
      },
    };
  },
});

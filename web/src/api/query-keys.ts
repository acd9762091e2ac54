/** Cache keys by noun; a shorter key covers all longer ones. */

export const queryKeys = {
  sessions: ['session'] as const,
  sessionLists: ['session', 'list'] as const,
  sessionList: (filters: object) => ['session', 'list', filters] as const,
  session: (id: string) => ['session', 'one', id] as const,
  roster: (session: string) => ['roster', session] as const,
  records: ['record'] as const,
  recordList: (filters: object) => ['record', 'list', filters] as const,
  leaves: ['leave'] as const,
  leaveList: (filters: object) => ['leave', 'list', filters] as const,
  leaveTypes: ['leave-type'] as const,
  corrections: ['correction'] as const,
  correctionList: (filters: object) => ['correction', 'list', filters] as const,
  statistics: ['statistics'] as const,
  studentStatistics: (student: string) => ['statistics', 'student', student] as const,
  courseStatistics: (section: string) => ['statistics', 'course', section] as const,
  eligibility: (filters: object) => ['statistics', 'eligibility', filters] as const,
  sections: ['section'] as const,
  rooms: ['room'] as const,
  zone: ['zone'] as const,
};

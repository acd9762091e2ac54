/** The integrity report as the wire shows it. */
import type { z } from 'zod';
import type {
  DatedSession,
  IntegrityReport,
  Named,
  NamedStudent,
  StudentSigns,
  Unscanned,
} from '../../db/queries/integrity-report.ts';
import { FALLBACKS, isFallbackOften } from '../../domain/presence/fallback.ts';
import { isOfflineOften } from '../../domain/presence/offline-share.ts';
import type { integrityReply } from './integrity-schema.ts';

type Reply = z.input<typeof integrityReply>;

/** The report of a section. */
export function presentIntegrity(section: string, report: IntegrityReport): Reply {
  return {
    course_section: section,
    sessions: report.sessions,
    sessions_with_codes: report.sessionsWithCodes,
    sources: [...report.sources],
    scans: { ...report.scans, offline_percent: offlinePercent(report.scans) },
    fallbacks: {
      ...presentUnscanned(report.fallbacks),
      by_staff: report.staff.map((row) => ({
        staff: presentPerson(row.staff),
        ...presentUnscanned(row),
      })),
    },
    refusals: [...report.refusals],
    rechecks: report.rechecks,
    shared_device_attempts: report.sharedAttempts.rows.map((attempt) => ({
      session: presentSession(attempt.session),
      student: presentStudent(attempt.student),
      other_student: attempt.otherStudent && presentStudent(attempt.otherStudent),
      at: attempt.at,
    })),
    shared_device_attempts_total: report.sharedAttempts.total,
    flagged_scans: report.flaggedScans.map((scan) => ({
      session: presentSession(scan.session),
      student: presentStudent(scan.student),
      via: scan.via,
      risk_score: scan.riskScore,
      risk_parts: [...scan.riskParts],
      at: scan.at,
    })),
    device_changes: report.deviceChanges.map((change) => ({
      ...change,
      student: presentStudent(change.student),
    })),
    head_count_gaps: report.headCountGaps.rows.map(({ countedBy, ...gap }) => ({
      ...gap,
      session: presentSession(gap.session),
      counted_by: presentPerson(countedBy),
    })),
    head_count_gaps_total: report.headCountGaps.total,
    students: report.students.map(presentSigns),
  };
}

function presentSigns(signs: StudentSigns): Reply['students'][number] {
  const fallbacks = presentUnscanned(signs);
  return {
    student: presentStudent(signs.student),
    flagged: signs.flagged,
    refused: signs.refused,
    missed_rechecks: signs.missedRechecks,
    device_changes: signs.deviceChanges,
    offline: signs.offline,
    scans: signs.scans,
    offline_percent: offlinePercent(signs),
    offline_often: isOfflineOften(signs),
    fallbacks,
    attended: signs.attended,
    latest_session: signs.latestSession && presentSession(signs.latestSession),
    fallback_often: isFallbackOften({ unscanned: fallbacks.marks, attended: signs.attended }),
  };
}

/** Categories in their own order, those that occur. */
function presentUnscanned({ reasons, unexplained }: Unscanned) {
  const given = FALLBACKS.flatMap((fallback) => {
    const marks = reasons[fallback] ?? 0;
    return marks === 0 ? [] : [{ fallback, marks }];
  });
  const marks = given.reduce((sum, reason) => sum + reason.marks, unexplained);
  return { marks, unexplained, reasons: given };
}

function offlinePercent({ offline, scans }: { offline: number; scans: number }): number | null {
  return scans === 0 ? null : Math.round((offline * 100) / scans);
}

const presentPerson = ({ id, firstName, lastName }: Named) => ({
  id,
  first_name: firstName,
  last_name: lastName,
});

const presentStudent = (student: NamedStudent) => ({
  ...presentPerson(student),
  roll_number: student.rollNumber,
});

const presentSession = ({ id, scheduledDate, startAt }: DatedSession) => ({
  id,
  scheduled_date: scheduledDate,
  start_datetime: startAt,
});

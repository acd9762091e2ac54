/** Whom a terminal recognised, and the classes that person may have come to. */
import { firstRow, rows, toInstant, type Em } from '../../db/orm.ts';
import type { PunchCandidate } from '../../domain/devices/place-punch.ts';
import type { Id } from '../../domain/types.ts';

/** The student behind an enrolment reference. */
export interface Subject {
  readonly studentId: Id;
  /** Consent is in force now; it must have been so at the capture as well (devices.md section 3). */
  readonly hasConsent: boolean;
  readonly hadConsent: boolean;
}

const consentAt = (instant: string): string =>
  `coalesce((select c.granted from consent_event c
     where c.student_id = b.student_id and c.purpose = 'biometric_attendance'
       and c.created_at <= ${instant} order by c.created_at desc, c.id desc limit 1), false)`;

/** The student of an active enrolment, or undefined when the reference is not known. */
export function findSubject(em: Em, ref: string, effAt: Date): Promise<Subject | undefined> {
  return firstRow<Subject>(
    em,
    `select b.student_id as "studentId",
       ${consentAt('app_clock()')} as "hasConsent", ${consentAt('?::timestamptz')} as "hadConsent"
     from biometric_enrolment b where b.ref = ? and b.status = 'active'`,
    [effAt.toISOString(), ref],
  );
}

interface CandidateRow {
  id: Id;
  start_at: string;
  end_at: string;
  opens_at: string;
  absent_after: number | null;
  on_roster: boolean;
}

/**
 * The classes around an instant in the rooms of a terminal that take its marks: those with the
 * student on the roster, and whether there was any class at all.
 */
export async function findCandidates(
  em: Em,
  deviceId: Id,
  studentId: Id,
  effAt: Date,
): Promise<{ candidates: PunchCandidate[]; isRoomInUse: boolean }> {
  const at = effAt.toISOString();
  const found = await rows<CandidateRow>(
    em,
    `select s.id, s.start_at, s.end_at, s.opens_at,
       (s.policy->>'absentAfterMinutes')::int as absent_after, exists (
         select 1 from session_section x
         join enrolment e on e.course_section_id = x.course_section_id and e.status = 'enrolled'
           and e.valid_from <= s.scheduled_date
           and (e.valid_to is null or e.valid_to > s.scheduled_date)
         where x.session_id = s.id and e.student_id = ?::uuid) as on_roster
     from attendance_session s
     where s.room_id in (select dr.room_id from biometric_device_room dr where dr.device_id = ?::uuid)
       and s.status <> 'cancelled' and s.biometric_enabled
       and s.opens_at <= ?::timestamptz and s.end_at >= ?::timestamptz - interval '15 minutes'`,
    [studentId, deviceId, at, at],
  );
  return {
    isRoomInUse: found.length > 0,
    candidates: found.filter((row) => row.on_roster).map(toCandidate),
  };
}

function toCandidate(row: CandidateRow): PunchCandidate {
  return {
    sessionId: row.id,
    startMs: Date.parse(toInstant(row.start_at)),
    endMs: Date.parse(toInstant(row.end_at)),
    opensMs: Date.parse(toInstant(row.opens_at)),
    absentAfterMinutes: row.absent_after,
  };
}

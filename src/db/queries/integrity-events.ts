/** The single events of the integrity report: shared phones, doubtful scans, changed phones, counts. */
import type { HeadCountOutcome } from '../../domain/presence/head-count.ts';
import type { RiskPart } from '../../domain/presence/risk.ts';
import type { Id } from '../../domain/types.ts';
import { rows, toInstant, type Em } from '../orm.ts';
import type {
  DeviceChange,
  FlaggedScan,
  HeadCountGap,
  Listed,
  SharedAttempt,
} from './integrity-report.ts';
import {
  type Bounds,
  DEVICE_CHANGES,
  listed,
  LISTED_MAX,
  MEMBERS,
  ofMembers,
  SESSION_COLUMNS,
  type SessionColumns,
  SESSIONS,
  studentColumns,
  type StudentColumns,
  studentJoins,
  toSession,
  toStudent,
} from './integrity-sql.ts';
export async function readSharedAttempts(em: Em, bounds: Bounds): Promise<Listed<SharedAttempt>> {
  const found = await rows<
    SessionColumns &
      StudentColumns & {
        other_id: Id | null;
        other_roll: string;
        other_first: string;
        other_last: string;
        at: string;
        total: number;
      }
  >(
    em,
    `with ${SESSIONS}, ${MEMBERS} select ${SESSION_COLUMNS}, ${studentColumns('st')},
       ${studentColumns('other')}, f.created_at as at, (count(*) over ())::int as total
     from scan_refusal f ${ofMembers('f')} join session s on s.id = f.session_id
     ${studentJoins('st', 'f.student_id')}
     left join (member n ${studentJoins('other', 'n.student_id')})
       on n.session_id = f.session_id and n.student_id = f.other_student_id
     where f.other_student_id is not null
     order by f.created_at desc, f.id limit ${LISTED_MAX}`,
    bounds,
  );
  return listed(found, (row) => ({
    session: toSession(row),
    student: toStudent(row),
    otherStudent:
      row.other_id === null
        ? null
        : {
            id: row.other_id,
            rollNumber: row.other_roll,
            firstName: row.other_first,
            lastName: row.other_last,
          },
    at: toInstant(row.at),
  }));
}

/** Scans that were flagged, the newest first. */
export async function readFlaggedScans(em: Em, bounds: Bounds): Promise<FlaggedScan[]> {
  const found = await rows<
    SessionColumns &
      StudentColumns & {
        via: FlaggedScan['via'];
        risk_score: number;
        risk_parts: RiskPart[];
        at: string;
      }
  >(
    em,
    `with ${SESSIONS}, ${MEMBERS} select ${SESSION_COLUMNS}, ${studentColumns('st')}, v.via,
       v.risk_score, v.risk_parts, v.created_at as at
     from presence_evidence v ${ofMembers('v')} join session s on s.id = v.session_id
     ${studentJoins('st', 'v.student_id')}
     where v.verdict = 'accepted_flagged' order by v.created_at desc, v.id limit ${LISTED_MAX}`,
    bounds,
  );
  return found.map((row) => ({
    session: toSession(row),
    student: toStudent(row),
    via: row.via,
    riskScore: row.risk_score,
    riskParts: row.risk_parts,
    at: toInstant(row.at),
  }));
}

/** Later devices of students, the newest first. */
export async function readDeviceChanges(em: Em, bounds: Bounds): Promise<DeviceChange[]> {
  const found = await rows<StudentColumns & { at: string; status: DeviceChange['status'] }>(
    em,
    `with ${DEVICE_CHANGES} select ${studentColumns('st')}, n.at, n.status
     from device_change n ${studentJoins('st', 'n.student_id')}
     order by n.at desc, st.id limit ${LISTED_MAX}`,
    bounds,
  );
  return found.map((row) => ({
    student: toStudent(row),
    at: toInstant(row.at),
    status: row.status,
  }));
}

/** Head counts that did not fit, the newest first. */
export async function readHeadCountGaps(em: Em, bounds: Bounds): Promise<Listed<HeadCountGap>> {
  const found = await rows<
    SessionColumns & {
      heads: number;
      marked: number;
      outcome: HeadCountOutcome;
      counted_by: Id;
      first_name: string;
      last_name: string;
      at: string;
      total: number;
    }
  >(
    em,
    `with ${SESSIONS} select ${SESSION_COLUMNS}, (count(*) over ())::int as total, h.heads, h.marked, h.outcome, u.id as counted_by,
       u.first_name, u.last_name, h.created_at as at
     from head_count h join session s on s.id = h.session_id
     join app_user u on u.id = h.counted_by_id
     where h.outcome <> 'ok' order by h.created_at desc, h.id limit ${LISTED_MAX}`,
    bounds,
  );
  return listed(found, (row) => ({
    session: toSession(row),
    heads: row.heads,
    marked: row.marked,
    outcome: row.outcome,
    countedBy: { id: row.counted_by, firstName: row.first_name, lastName: row.last_name },
    at: toInstant(row.at),
  }));
}

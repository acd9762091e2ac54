/** What an accepted scan leaves behind, and the re-check it passes. */
import { type Em, preparedRows } from '../../db/orm.ts';
import { roundedDistance } from '../../domain/presence/geofence.ts';
import { textCodeShown } from '../../domain/presence/steps.ts';
import type { Instant } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { acceptedOf, type AcceptedCandidate, type Candidate } from './scan.ts';

/** Keeps what stood behind each accepted scan; a step proves a student's presence once. */
export async function keepEvidence(
  { ids }: Operation,
  em: Em,
  candidates: readonly Candidate[],
): Promise<void> {
  const kept = acceptedOf(candidates);
  if (kept.length === 0) return;
  const column = <T>(pick: (item: AcceptedCandidate) => T): T[] => kept.map(pick);
  await preparedRows(
    em,
    `insert into presence_evidence (id, session_id, student_id, step, op_id, via, purpose,
       device_key_id, ticket_id, network, geofence, geofence_reason, distance_m, accuracy_m,
       position_hash, level, geofence_mode, risk_score, risk_parts, verdict)
     select n.id, n.session_id, n.student_id, n.step, n.op_id, n.via, n.purpose, n.device_key_id,
       n.ticket_id, n.network, n.geofence, n.geofence_reason, n.distance_m, n.accuracy_m,
       n.position_hash, s.policy ->> 'presenceLevel', n.geofence_mode, n.risk_score,
       n.risk_parts::jsonb, n.verdict
     from unnest(?::uuid[], ?::uuid[], ?::uuid[], ?::bigint[], ?::uuid[], ?::text[], ?::text[],
       ?::uuid[], ?::uuid[], ?::text[], ?::text[], ?::text[], ?::int[], ?::int[], ?::text[],
       ?::text[], ?::int[], ?::text[], ?::text[])
       as n(id, session_id, student_id, step, op_id, via, purpose, device_key_id, ticket_id, network,
         geofence, geofence_reason, distance_m, accuracy_m, position_hash, geofence_mode,
         risk_score, risk_parts, verdict)
     join attendance_session s on s.id = n.session_id
     on conflict on constraint presence_evidence_once_per_step do nothing`,
    [
      column(() => ids.next()),
      column(({ scan }) => scan.sessionId),
      column(({ scan }) => scan.studentId),
      column(({ judged }) => judged.step),
      column(({ scan }) => scan.opId),
      column(({ judged }) => judged.via),
      column(({ judged }) => judged.purpose),
      column(({ deviceKeyId }) => deviceKeyId),
      column(({ ticket }) => ticket.id),
      column(({ candidate }) => candidate.answers?.network ?? 'unknown'),
      column(({ judged }) => judged.position.verdict),
      column(({ judged }) => judged.position.reason),
      column(({ judged }) => roundedDistance(judged.position.distanceM)),
      column(({ scan }) => (scan.location ? Math.round(scan.location.accuracyM) : null)),
      column(({ scan, judged }) => (judged.position.verdict === 'off' ? null : scan.positionHash)),
      column(({ judged }) => judged.geofenceMode),
      column(({ judged }) => judged.risk.score),
      column(({ judged }) => JSON.stringify(judged.risk.parts)),
      column(({ judged }) => judged.verdict),
    ],
  );
}

/**
 * A student who was drawn and scans again in time, with the key of the first scan, has passed. Digits
 * carry no flag: those shown since the re-check began prove the same as its codes.
 */
export async function passRechecks(em: Em, candidates: readonly Candidate[]): Promise<void> {
  const again = acceptedOf(candidates).filter(
    ({ judged }) => judged.purpose === 'recheck' || judged.via === 'text_code',
  );
  if (again.length === 0) return;
  await preparedRows(
    em,
    `update recheck_pick p set passed_at = app_clock()
     from recheck k, unnest(?::uuid[], ?::uuid[], ?::uuid[], ?::timestamptz[])
       as n(session_id, student_id, key_id, shown_until)
     where k.session_id = n.session_id and k.status = 'running' and app_clock() < k.ends_at
       and p.recheck_id = k.id and p.student_id = n.student_id and p.passed_at is null
       and (n.shown_until is null or n.shown_until > k.started_at)
       and exists (
         select 1 from attendance_operation o where o.session_id = n.session_id
           and o.student_id = n.student_id and o.device_key_id = n.key_id)`,
    [
      again.map(({ scan }) => scan.sessionId),
      again.map(({ scan }) => scan.studentId),
      again.map(({ deviceKeyId }) => deviceKeyId),
      again.map(({ judged }) => (judged.via === 'text_code' ? endOfStep(judged.step) : null)),
    ],
  );
}

/** When the digits of a step leave the screen. */
const endOfStep = (step: number): Instant => new Date(textCodeShown(step).untilMs).toISOString();

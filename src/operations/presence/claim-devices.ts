/** Which student of a session a phone marked: one, decided by a primary key (presence.md section 4). */
import { type Em, preparedRows } from '../../db/orm.ts';
import { deviceAlreadyUsed } from '../../domain/presence/judge-scan.ts';
import type { Id } from '../../domain/types.ts';
import { acceptedOf, type AcceptedCandidate, type Candidate } from './scan.ts';

/** A phone marks one student of a session; the primary key decides, whoever asks at the same time. */
export async function claimDevices(em: Em, candidates: readonly Candidate[]): Promise<void> {
  const claims = new Map<string, AcceptedCandidate>();
  for (const claim of acceptedOf(candidates)) {
    const place = `${claim.scan.sessionId}|${claim.deviceKeyId}`;
    const first = claims.get(place);
    if (first && first.scan.studentId !== claim.scan.studentId) {
      claim.candidate.judged = deviceAlreadyUsed();
    } else claims.set(place, claim);
  }
  if (claims.size === 0) return;
  const ordered = [...claims].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, claim]) => claim);
  const held = await preparedRows<{ session_id: Id; device_key_id: Id }>(
    em,
    `insert into session_device_claim as c (session_id, device_key_id, student_id)
     select * from unnest(?::uuid[], ?::uuid[], ?::uuid[])
     on conflict (session_id, device_key_id) do update set student_id = excluded.student_id
       where c.student_id = excluded.student_id
     returning c.session_id, c.device_key_id`,
    [
      ordered.map(({ scan }) => scan.sessionId),
      ordered.map(({ deviceKeyId }) => deviceKeyId),
      ordered.map(({ scan }) => scan.studentId),
    ],
  );
  const holding = new Set(held.map((row) => `${row.session_id}|${row.device_key_id}`));
  const lost = ordered.filter(
    ({ scan, deviceKeyId }) => !holding.has(`${scan.sessionId}|${deviceKeyId}`),
  );
  for (const { candidate } of lost) candidate.judged = deviceAlreadyUsed();
}

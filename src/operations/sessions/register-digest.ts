/** The digest of a session's register: what a lock fixes, and an amendment states anew (marks.md R12). */
import { createHash } from 'node:crypto';
import { rows, type Em } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';
import { canonicalJson } from '../../security/canonical-json.ts';

/** SHA-256 in hex over the canonical JSON of a session's records, sorted by student id. */
export async function registerDigest(em: Em, sessionId: Id): Promise<string> {
  const records = await rows<{
    student_id: string;
    mark: string | null;
    winner_op_id: string | null;
  }>(
    em,
    `select student_id, mark, winner_op_id from attendance_record
     where session_id = ?::uuid order by student_id`,
    [sessionId],
  );
  const text = canonicalJson(
    records.map((r) => ({ student: r.student_id, mark: r.mark, winner_op_id: r.winner_op_id })),
  );
  return createHash('sha256').update(text).digest('hex');
}

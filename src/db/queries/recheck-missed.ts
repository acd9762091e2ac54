/** Whether a student missed the re-check of a session (presence.md section 8). */

/**
 * A condition over rows of one student in one session.
 * @param alias  alias of a table with `session_id` and `student_id`
 */
export function missedRecheck(alias: string): string {
  return `exists (
    select 1 from recheck rk join recheck_pick rp on rp.recheck_id = rk.id
    where rk.session_id = ${alias}.session_id and rp.student_id = ${alias}.student_id and rp.missed)`;
}

/** A condition over stored claims: scans of a student who missed the re-check. */
export function recheckMissed(claim: string): string {
  return `(${claim}.source = 'qr' and ${missedRecheck(claim)})`;
}

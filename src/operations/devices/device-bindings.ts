/** Whose a device key was at an instant (presence.md section 3), asked for many claims at once. */
import { rows, type Em } from '../../db/orm.ts';
import type { Id, Instant } from '../../domain/types.ts';

/** One question: was this key in this person's hands at this instant? */
export interface BindingQuestion {
  /** Id of a `device_key`; an id that exists nowhere is answered `nobody`. */
  readonly deviceKeyId: Id;
  readonly userId: Id;
  readonly at: Instant;
}

/** Whose the key was: the person's, only other people's, or not bound at that instant. */
export type BindingAt = 'user' | 'another' | 'nobody';

/**
 * Answers every question in one statement, in the order asked. A binding counts from `valid_from`
 * (inclusive) to `valid_to` (exclusive), whatever its status is now: a key revoked today was still
 * the person's yesterday, and a pending one is already theirs. Where a key is shared, `user` wins.
 * @returns one answer per question, at the same index; empty for no questions
 */
export async function bindingsAt(
  em: Em,
  questions: readonly BindingQuestion[],
): Promise<BindingAt[]> {
  if (questions.length === 0) return [];
  const answers = await rows<{ holder: BindingAt }>(
    em,
    `select case when bool_or(b.user_id = q.user_id) then 'user'
                 when count(b.id) > 0 then 'another'
                 else 'nobody' end as holder
     from unnest(?::uuid[], ?::uuid[], ?::timestamptz[]) with ordinality
       as q (device_key_id, user_id, at, place)
     left join device_binding b on b.device_key_id = q.device_key_id
       and b.valid_from <= q.at and (b.valid_to is null or b.valid_to > q.at)
     group by q.place order by q.place`,
    [
      questions.map((question) => question.deviceKeyId),
      questions.map((question) => question.userId),
      questions.map((question) => question.at),
    ],
  );
  return answers.map((answer) => answer.holder);
}

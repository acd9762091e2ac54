/** Who is told of what the presence checks of a class found (presence.md sections 4 and 8). */
import { classStaff } from '../../db/queries/class-staff.ts';
import { rows, type Em } from '../../db/orm.ts';
import type { HeadCountOutcome } from '../../domain/presence/head-count.ts';
import type { Id, Instant } from '../../domain/types.ts';
import { notify, type Notice } from '../notifications/notify.ts';
import type { Operation } from '../ports.ts';

/** A head count, as far as a notice of it needs it. */
interface ToldCount {
  readonly id: Id;
  readonly heads: number;
  readonly marked: number;
  readonly outcome: HeadCountOutcome;
}

/**
 * Tells the staff of a class of a count that does not fit its marks. Who counted has seen the answer
 * and is told only where nobody else would be.
 */
export async function tellOfHeadCount(
  { actor, ids }: Operation,
  em: Em,
  session: Id,
  { id, heads, marked, outcome }: ToldCount,
): Promise<void> {
  if (outcome === 'ok') return;
  const staff = (await classStaff(em, [session])).get(session) ?? [];
  const others = staff.filter((userId) => userId !== actor.userId);
  await notify(
    em,
    ids,
    (others.length > 0 ? others : staff).map((userId): Notice => ({
      userId,
      kind: outcome,
      dedupeKey: `${outcome}:${id}`,
      payload: { session, heads, marked },
      // It matters while the class sits there, not hours later in a mailbox.
      mail: false,
    })),
  );
}

/** Asks each student who was drawn, once per session, to scan again. */
export async function tellOfRecheck(
  { ids }: Operation,
  em: Em,
  session: Id,
  { picked, until }: { readonly picked: readonly Id[]; readonly until: Instant },
): Promise<void> {
  const people = await rows<{ user_id: Id }>(
    em,
    'select user_id from student where id = any(?::uuid[])',
    [picked],
  );
  await notify(
    em,
    ids,
    people.map(({ user_id: userId }): Notice => ({
      userId,
      kind: 'recheck_asked',
      dedupeKey: `recheck_asked:${session}`,
      payload: { session, until },
      // Its three minutes are over before a mail is read.
      mail: false,
    })),
  );
}

/** Tells the staff of a class, in one notice, how many did not scan again. */
export async function tellOfMisses(
  { ids }: Operation,
  em: Em,
  session: Id,
  missed: number,
): Promise<void> {
  if (missed === 0) return;
  const staff = (await classStaff(em, [session])).get(session) ?? [];
  await notify(
    em,
    ids,
    staff.map((userId): Notice => ({
      userId,
      kind: 'recheck_missed',
      dedupeKey: `recheck_missed:${session}`,
      payload: { session, missed },
      mail: false,
    })),
  );
}

/** A phone that marked one student and was refused for another. */
export interface SharedDevice {
  readonly session: Id;
  readonly deviceKey: Id;
  /** Whom it marked, and whom it was refused for. */
  readonly students: readonly [Id, Id];
}

/** Names both students to the staff of the class and to nobody else, once per session and phone. */
export async function tellOfSharedDevices(
  { ids }: Pick<Operation, 'ids'>,
  em: Em,
  shared: readonly SharedDevice[],
): Promise<void> {
  if (shared.length === 0) return;
  const staff = await classStaff(
    em,
    shared.map(({ session }) => session),
  );
  await notify(
    em,
    ids,
    shared.flatMap(({ session, deviceKey, students }) =>
      (staff.get(session) ?? []).map((userId): Notice => ({
        userId,
        kind: 'device_shared',
        dedupeKey: `device_shared:${session}:${deviceKey}`,
        payload: { session, students },
        mail: true,
      })),
    ),
  );
}

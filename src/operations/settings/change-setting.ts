/**
 * Changes a stored setting. Sessions whose window has not opened take the policy of today in the
 * same transaction; those that have keep theirs (marks.md section 5).
 */
import { appendLog, auditEntry } from '../../audit/append-log.ts';
import { firstRow, rows, type Em } from '../../db/orm.ts';
import { appError } from '../../domain/errors.ts';
import { settingRules, valueRefusal, type SettingName } from '../../domain/settings.ts';
import { COMPONENTS, type Component, type Id, type SettingScope } from '../../domain/types.ts';
import type { CanonicalValue } from '../../security/canonical-json.ts';
import type { Operation } from '../ports.ts';
import { endStaticCodes } from '../presence/start-display.ts';
import { loadPolicyTable, type PolicyTable } from '../sessions/session-policy.ts';

/** Where a setting holds: `scopeId` is empty for the institution, else an id, a kind or a letter. */
export interface SettingPlace {
  readonly name: SettingName;
  readonly scopeKind: SettingScope;
  readonly scopeId: string;
}

/** What a change did. */
export interface SettingEffect {
  /** Sessions to come whose policy is another now. */
  readonly sessionsChanged: number;
}

/**
 * Stores a value, or removes the stored one where `value` is undefined.
 * @param reason  why, for settings that demand one, to set and to remove; kept in the audit trail
 * @throws AppError `validation_failed` for a value or place that is not legal or a missing reason,
 *   `not_found` when there is nothing to remove
 */
export async function changeSetting(
  operation: Operation,
  place: SettingPlace,
  value: CanonicalValue | undefined,
  reason?: string,
): Promise<SettingEffect> {
  const refusal = value === undefined ? null : valueRefusal(place.name, value);
  if (refusal) throw fieldError('value', refusal);
  const rules = settingRules(place.name);
  if (rules.institutionOnly && place.scopeKind !== 'institution') {
    throw fieldError('scope_kind', 'This setting holds for the whole institution only.');
  }
  if (rules.needsReason && !reason) {
    throw fieldError('reason', 'Say why; the reason stays in the audit trail.');
  }
  return operation.em.transactional(async (em) => {
    await requirePlace(em, place);
    // One change at a time: two of them would each rewrite sessions by half of the settings.
    await rows(em, "select pg_advisory_xact_lock(hashtext('settings'))");
    const before = await readStored(em, place);
    if (value === undefined && before === undefined) {
      throw appError('not_found', 'Nothing is stored for this setting here.');
    }
    await (value === undefined ? remove(em, place) : store(operation, em, place, value));
    const sessionsChanged = await rewriteSessions(operation, em);
    const endsStatic = place.name === 'STATIC_QR_ENABLED' && value !== true;
    const codesEnded = endsStatic ? await endStaticCodes(em) : 0;
    await appendLog(em, operation.ids, {
      audit: [
        auditEntry(operation.actor, {
          chain: 'area:policy',
          action: value === undefined ? 'setting.removed' : 'setting.changed',
          entityType: 'Setting',
          entityId: place.name,
          before: { value: before ?? null },
          after: {
            value: value ?? null,
            scope_kind: place.scopeKind,
            scope_id: place.scopeId,
            sessions_changed: sessionsChanged,
            ...(endsStatic ? { static_codes_ended: codesEnded } : {}),
            ...(reason === undefined ? {} : { reason }),
          },
        }),
      ],
    });
    return { sessionsChanged };
  });
}

const TABLES: Readonly<Partial<Record<SettingScope, string>>> = {
  campus: 'campus',
  room: 'room',
  course: 'course',
  section: 'course_section',
};

async function requirePlace(em: Em, { scopeKind, scopeId }: SettingPlace): Promise<void> {
  const table = TABLES[scopeKind];
  if (scopeKind === 'institution') {
    if (scopeId !== '')
      throw fieldError('scope_id', 'The institution has no id here; leave it out.');
  } else if (scopeKind === 'component') {
    if (COMPONENTS.some((known) => known === scopeId)) return;
    throw fieldError('scope_id', `Give one of ${COMPONENTS.join(', ')}.`);
  } else if (table === undefined) {
    const row = await firstRow(em, 'select 1 from course where kind = ? limit 1', [scopeId]);
    if (!row) throw fieldError('scope_id', 'No course is of this kind.');
  } else {
    const row = await firstRow(em, `select 1 from ${table} where id::text = ?`, [scopeId]);
    if (!row) throw fieldError('scope_id', `There is no such ${scopeKind}.`);
  }
}

async function readStored(em: Em, place: SettingPlace): Promise<CanonicalValue | undefined> {
  const row = await firstRow<{ value: CanonicalValue }>(
    em,
    'select value from setting where name = ? and scope_kind = ? and scope_id = ?',
    [place.name, place.scopeKind, place.scopeId],
  );
  return row?.value;
}

async function store(
  operation: Operation,
  em: Em,
  { name, scopeKind, scopeId }: SettingPlace,
  value: CanonicalValue,
): Promise<void> {
  await rows(
    em,
    `insert into setting (id, name, scope_kind, scope_id, value)
     values (?::uuid, ?, ?, ?, ?::jsonb)
     on conflict on constraint setting_name_scope_unique do update
       set value = excluded.value, updated_at = app_clock()`,
    [operation.ids.next(), name, scopeKind, scopeId, JSON.stringify(value)],
  );
}

async function remove(em: Em, { name, scopeKind, scopeId }: SettingPlace): Promise<void> {
  await rows(em, 'delete from setting where name = ? and scope_kind = ? and scope_id = ?', [
    name,
    scopeKind,
    scopeId,
  ]);
}

interface FutureSession {
  readonly id: Id;
  readonly campus_id: Id;
  readonly course_section_id: Id;
  readonly course_id: Id;
  readonly component: Component;
  readonly room_id: Id;
  readonly policy: string;
}

/**
 * Gives every session whose window has not opened the policy of its scope. A window that moves
 * raises the epoch, so that a timer armed for the old one changes nothing, and nudges the workflow.
 */
async function rewriteSessions(operation: Operation, em: Em): Promise<number> {
  const table = await loadPolicyTable(em);
  const future = await rows<FutureSession>(
    em,
    `select s.id, s.campus_id, s.course_section_id, cs.course_id, s.component, s.room_id,
       s.policy::text as policy
     from attendance_session s join course_section cs on cs.id = s.course_section_id
     where s.status = 'scheduled' and s.opens_at > app_clock() order by s.id for update of s`,
  );
  const changed = future.flatMap((session) => {
    const policy = consistentPolicy(table, session);
    const isSame = sameJson(JSON.parse(session.policy) as object, policy);
    return isSame ? [] : [{ id: session.id, policy: JSON.stringify(policy) }];
  });
  if (changed.length === 0) return 0;
  const moved = await rows<{ id: Id }>(
    em,
    `with given as (select * from unnest(?::uuid[], ?::text[]) as g(id, policy)),
       planned as (
         select s.id, g.policy::jsonb as policy,
           s.start_at - make_interval(mins => (g.policy::jsonb ->> 'earlyOpenMinutes')::int) as opens_at,
           s.end_at + make_interval(mins => (g.policy::jsonb ->> 'lateCaptureMinutes')::int) as closes_at,
           s.opens_at as old_opens_at, s.closes_at as old_closes_at
         from given g join attendance_session s on s.id = g.id),
       written as (
         update attendance_session s set policy = p.policy, opens_at = p.opens_at,
           closes_at = p.closes_at, version = s.version + 1, updated_at = app_clock(),
           epoch = s.epoch + case when p.opens_at <> p.old_opens_at or p.closes_at <> p.old_closes_at
             then 1 else 0 end
         from planned p where s.id = p.id returning s.id, s.workflow_started_at)
     select w.id from written w join planned p on p.id = w.id
     where w.workflow_started_at is not null
       and (p.opens_at <> p.old_opens_at or p.closes_at <> p.old_closes_at)`,
    [changed.map(({ id }) => id), changed.map(({ policy }) => policy)],
  );
  await rows(
    em,
    `insert into outbox (id, kind, payload)
     select n.id, 'nudge_session', jsonb_build_object('sessionId', n.session_id)
     from unnest(?::uuid[], ?::text[]) as n(id, session_id)`,
    [moved.map(() => operation.ids.next()), moved.map(({ id }) => id)],
  );
  return changed.length;
}

function consistentPolicy(table: PolicyTable, session: FutureSession) {
  const policy = table.policyOf({
    campusId: session.campus_id,
    courseId: session.course_id,
    sectionId: session.course_section_id,
    component: session.component,
    roomId: session.room_id,
  });
  const { absentAfterMinutes, lateAfterMinutes } = policy;
  if (absentAfterMinutes !== null && absentAfterMinutes < lateAfterMinutes) {
    throw fieldError(
      'value',
      `An arrival would be absent after ${absentAfterMinutes} minutes and late after ${lateAfterMinutes}; absent must come later.`,
    );
  }
  return policy;
}

/** The database keeps members in its own order. */
function sameJson(left: object, right: object): boolean {
  const sorted = (value: object): string =>
    JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  return sorted(left) === sorted(right);
}

function fieldError(path: string, detail: string) {
  return appError('validation_failed', detail, {
    errors: [{ path, code: 'not_acceptable', detail }],
  });
}

/** The policy copied onto a session when it is created: settings of the narrowest scope win. */
import { rows, type Em } from '../../db/orm.ts';
import { GEOFENCE_MODES, SECURITY_LEVELS } from '../../domain/presence/risk.ts';
import { DEFAULT_SESSION_POLICY, type SettingName } from '../../domain/settings.ts';
import type { Component, Id, SessionPolicy, SettingScope } from '../../domain/types.ts';

/** Where a session lives; absent parts have no settings of their own. */
export interface PolicyScope {
  readonly campusId: Id;
  readonly courseId?: Id;
  readonly sectionId?: Id;
  /** The type of the session: lecture, tutorial or practical. */
  readonly component?: Component;
  readonly roomId?: Id;
}

/** Stored settings that sessions are made by, read once for many sessions. */
export interface PolicyTable {
  /**
   * The policy in a scope, the narrowest first: section, course, room, type of session, type of
   * course, campus, institution.
   */
  policyOf(scope: PolicyScope): SessionPolicy;
}

const POLICY_SETTINGS = [
  'EARLY_OPEN_MINUTES',
  'LATE_AFTER_MINUTES',
  'ATTENDANCE_GRACE_PERIOD_MINUTES',
  'ABSENT_AFTER_MINUTES',
  'LATE_CAPTURE_MINUTES',
  'STAY_MODE',
  'MIN_DURATION_FOR_PRESENT_MINUTES',
  'AUTO_ABSENT',
  'LATE_FROM',
  'LOCK_AFTER_HOURS',
  'TAKEN_MIN_SHARE_BP',
  'OFFLINE_QR',
  'SELF_ENTRY_ENABLED',
  'SELF_ENTRY_MINUTES',
  'QR_STEP_SECONDS',
  'QR_PREVIOUS_STEPS',
  'PRESENCE_LEVEL',
  'GEOFENCE_MODE',
  'RECHECK_ENABLED',
  'RECHECK_PERCENT',
] as const satisfies readonly SettingName[];

interface SettingRow {
  name: string;
  scope_kind: SettingScope;
  scope_id: string;
  value: unknown;
}

/** Reads every stored policy setting in one statement, for any number of sessions. */
export async function loadPolicyTable(em: Em): Promise<PolicyTable> {
  const stored = await rows<SettingRow>(
    em,
    'select name, scope_kind, scope_id, value from setting where name = any(?::text[])',
    [POLICY_SETTINGS],
  );
  const byPlace = new Map(
    stored.map((row) => [placeOf(row.name, row.scope_kind, row.scope_id), row.value]),
  );
  const kinds = stored.some((row) => row.scope_kind === 'course_kind')
    ? await readCourseKinds(em)
    : new Map<Id, string>();
  return {
    policyOf: (scope) => {
      const courseKind = kinds.get(scope.courseId ?? '');
      return sessionPolicy((name) => narrowest(byPlace, name, scope, courseKind));
    },
  };
}

async function readCourseKinds(em: Em): Promise<Map<Id, string>> {
  const found = await rows<{ id: Id; kind: string }>(em, 'select id, kind from course');
  return new Map(found.map((row) => [row.id, row.kind]));
}

/**
 * The policy of one session to be created.
 * @see marks.md section 5
 */
export async function loadSessionPolicy(em: Em, scope: PolicyScope): Promise<SessionPolicy> {
  return (await loadPolicyTable(em)).policyOf(scope);
}

/** A stored value from the narrowest scope, or undefined where none is stored. */
type ReadSetting = (name: SettingName) => unknown;

/**
 * Builds a policy from stored settings; a missing one, or one of another type, gives its default.
 * `ATTENDANCE_GRACE_PERIOD_MINUTES` stands in where the two settings that split it are not set.
 */
export function sessionPolicy(read: ReadSetting): SessionPolicy {
  const standard = DEFAULT_SESSION_POLICY;
  const grace = wholeNumber(read('ATTENDANCE_GRACE_PERIOD_MINUTES'), undefined);
  const absentAfter = read('ABSENT_AFTER_MINUTES');
  return {
    earlyOpenMinutes: wholeNumber(read('EARLY_OPEN_MINUTES'), grace ?? standard.earlyOpenMinutes),
    lateAfterMinutes: wholeNumber(read('LATE_AFTER_MINUTES'), grace ?? standard.lateAfterMinutes),
    absentAfterMinutes:
      absentAfter === null ? null : wholeNumber(absentAfter, standard.absentAfterMinutes),
    lateCaptureMinutes: wholeNumber(read('LATE_CAPTURE_MINUTES'), standard.lateCaptureMinutes),
    stayMode: oneOf(read('STAY_MODE'), ['single', 'first_last'], standard.stayMode),
    minStayMinutes: wholeNumber(read('MIN_DURATION_FOR_PRESENT_MINUTES'), standard.minStayMinutes),
    autoAbsent: flag(read('AUTO_ABSENT'), standard.autoAbsent),
    lateFrom: oneOf(read('LATE_FROM'), ['reference', 'scheduled_start'], standard.lateFrom),
    lockAfterHours: wholeNumber(read('LOCK_AFTER_HOURS'), standard.lockAfterHours),
    takenMinShareBp: wholeNumber(read('TAKEN_MIN_SHARE_BP'), standard.takenMinShareBp),
    offlineQr: oneOf(
      read('OFFLINE_QR'),
      ['off', 'confirm_first', 'provisional'],
      standard.offlineQr,
    ),
    selfEntryEnabled: flag(read('SELF_ENTRY_ENABLED'), standard.selfEntryEnabled),
    selfEntryMinutes: wholeNumber(read('SELF_ENTRY_MINUTES'), standard.selfEntryMinutes),
    ...presencePolicy(read),
  };
}

/** How codes turn and what scans are weighed by (presence.md sections 2, 7 and 8). */
function presencePolicy(read: ReadSetting) {
  const standard = DEFAULT_SESSION_POLICY;
  return {
    qrStepSeconds: wholeNumber(read('QR_STEP_SECONDS'), standard.qrStepSeconds),
    qrPreviousSteps: wholeNumber(read('QR_PREVIOUS_STEPS'), standard.qrPreviousSteps),
    presenceLevel: oneOf(read('PRESENCE_LEVEL'), SECURITY_LEVELS, standard.presenceLevel),
    geofenceMode: oneOf(
      read('GEOFENCE_MODE'),
      ['level', ...GEOFENCE_MODES] as const,
      standard.geofenceMode,
    ),
    recheckEnabled: flag(read('RECHECK_ENABLED'), standard.recheckEnabled),
    recheckPercent: wholeNumber(read('RECHECK_PERCENT'), standard.recheckPercent),
  };
}

const placeOf = (name: string, kind: SettingScope, id: string): string => `${name}|${kind}|${id}`;

function narrowest(
  byPlace: ReadonlyMap<string, unknown>,
  name: SettingName,
  { campusId, courseId, sectionId, component, roomId }: PolicyScope,
  courseKind: string | undefined,
): unknown {
  const places = [
    placeOf(name, 'section', sectionId ?? ''),
    placeOf(name, 'course', courseId ?? ''),
    placeOf(name, 'room', roomId ?? ''),
    placeOf(name, 'component', component ?? ''),
    placeOf(name, 'course_kind', courseKind ?? ''),
    placeOf(name, 'campus', campusId),
    placeOf(name, 'institution', ''),
  ];
  const place = places.find((candidate) => byPlace.has(candidate));
  return place === undefined ? undefined : byPlace.get(place);
}

function wholeNumber<T>(value: unknown, fallback: T): number | T {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : fallback;
}

function flag(value: unknown, fallback: boolean): boolean {
  return typeof value === 'boolean' ? value : fallback;
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], fallback: T): T {
  return allowed.find((candidate) => candidate === value) ?? fallback;
}

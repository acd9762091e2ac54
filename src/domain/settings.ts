/** Every setting by name, with its default and meaning; institutions change values, code never does. */
import type { SessionPolicy } from './types.ts';

/** What a setting may be set to. */
export type LegalValues =
  | { readonly type: 'whole'; readonly min: number; readonly max: number; readonly orNull?: true }
  | { readonly type: 'number'; readonly min: number; readonly max: number }
  | { readonly type: 'boolean' }
  | { readonly type: 'choice'; readonly of: readonly string[] };

interface SettingRow {
  readonly default: number | string | boolean | null;
  readonly description: string;
  readonly values: LegalValues;
  /** It holds for the whole institution and nowhere narrower. */
  readonly institutionOnly?: true;
  /** Whoever changes it says why. */
  readonly needsReason?: true;
}

const MINUTES: LegalValues = { type: 'whole', min: 0, max: 24 * 60 };
const DAYS: LegalValues = { type: 'whole', min: 0, max: 3660 };
const YES_OR_NO: LegalValues = { type: 'boolean' };

/** Names of the original specification first; a name that meant two things is split (marks.md section 5). */
export const SETTINGS = {
  ATTENDANCE_THRESHOLD_PERCENT: {
    default: 75,
    description: 'Least attendance, in percent, for exam eligibility',
    values: { type: 'number', min: 0, max: 100 },
  },
  ATTENDANCE_GRACE_PERIOD_MINUTES: {
    default: 5,
    description:
      'Old name of LATE_AFTER_MINUTES and EARLY_OPEN_MINUTES; read where those are not set',
    values: MINUTES,
  },
  EARLY_OPEN_MINUTES: {
    default: 5,
    description: 'Minutes before the start from which marks are admitted',
    values: MINUTES,
  },
  LATE_AFTER_MINUTES: {
    default: 5,
    description: 'Minutes after the late reference until which an arrival is present',
    values: MINUTES,
  },
  ABSENT_AFTER_MINUTES: {
    default: null,
    description: 'Minutes after the late reference from which an arrival is absent; null never',
    values: { type: 'whole', min: 0, max: 24 * 60, orNull: true },
  },
  LATE_CAPTURE_MINUTES: {
    default: 0,
    description: 'Minutes after the end until which marks are admitted',
    values: MINUTES,
  },
  MIN_DURATION_FOR_PRESENT_MINUTES: {
    default: 10,
    description: 'Least stay where first_last is on',
    values: MINUTES,
  },
  STAY_MODE: {
    default: 'single',
    description: 'single, or first_last: the last punch counts too',
    values: { type: 'choice', of: ['single', 'first_last'] },
  },
  AUTO_ABSENT: {
    default: true,
    description: 'Absents for the unmarked at close',
    values: YES_OR_NO,
  },
  LATE_FROM: {
    default: 'reference',
    description: 'reference, or scheduled_start',
    values: { type: 'choice', of: ['reference', 'scheduled_start'] },
  },
  LOCK_AFTER_HOURS: {
    default: 72,
    description: 'Hours from close to lock',
    values: { type: 'whole', min: 1, max: 24 * 366 },
  },
  TAKEN_MIN_SHARE_BP: {
    default: 1000,
    description: 'Share of the roster, in basis points, whose machine marks make a class taken',
    values: { type: 'whole', min: 0, max: 10_000 },
  },
  OFFLINE_QR: {
    default: 'confirm_first',
    description: 'off, or confirm_first: codes scanned offline wait for a teacher',
    values: { type: 'choice', of: ['off', 'confirm_first'] },
  },
  QR_STEP_SECONDS: {
    default: 10,
    description: 'Seconds after which the displayed code changes',
    values: { type: 'whole', min: 5, max: 15 },
  },
  QR_PREVIOUS_STEPS: {
    default: 1,
    description: 'How many codes before the current one are still accepted',
    values: { type: 'whole', min: 0, max: 1 },
  },
  PRESENCE_LEVEL: {
    default: 'standard',
    description: 'open never flags a scan, standard flags doubtful ones, strict also refuses',
    values: { type: 'choice', of: ['open', 'standard', 'strict'] },
  },
  GEOFENCE_MODE: {
    default: 'level',
    description:
      'off: positions are not asked; warn: they add risk; enforce: outside is refused; level: as PRESENCE_LEVEL says',
    values: { type: 'choice', of: ['level', 'off', 'warn', 'enforce'] },
  },
  RECHECK_ENABLED: {
    default: false,
    description: 'A random sample of those who scanned scans again during class',
    values: YES_OR_NO,
  },
  RECHECK_PERCENT: {
    default: 10,
    description: 'Share of those who scanned that a re-check draws, in percent',
    values: { type: 'whole', min: 1, max: 100 },
  },
  STATIC_QR_ENABLED: {
    default: false,
    description:
      'Staff may show a code that lives for an hour, far weaker than the rotating one; needs a reason',
    values: YES_OR_NO,
    institutionOnly: true,
    needsReason: true,
  },
  MAX_STUDENTS_PER_DEVICE: {
    default: 1,
    description: 'Students one phone may be registered for; it still marks one of them per class',
    values: { type: 'whole', min: 1, max: 3 },
    institutionOnly: true,
  },
  SELF_ENTRY_ENABLED: {
    default: false,
    description: 'Students may enter their own presence, for their teacher to approve',
    values: YES_OR_NO,
  },
  SELF_ENTRY_MINUTES: {
    default: 15,
    description: 'Minutes from the start in which a student may enter',
    values: MINUTES,
  },
  ATTENDANCE_MAX_CORRECTION_DAYS: {
    default: 7,
    description: 'Days after the class in which a correction can be asked for',
    values: DAYS,
  },
  LEAVE_REMINDER_HOURS: {
    default: 24,
    description: 'Hours until the first reminder of a pending leave',
    values: { type: 'whole', min: 1, max: 24 * 366 },
  },
  CASE_EXPIRY_DAYS: {
    default: 120,
    description: 'Days until an undecided request expires where no semester end is nearer',
    values: { type: 'whole', min: 1, max: 3660 },
  },
  BIOMETRIC_ENABLED: {
    default: false,
    description: 'Terminals give marks; off until an assessment is recorded',
    values: YES_OR_NO,
  },
  BIOMETRIC_SYNC_INTERVAL_MINUTES: {
    default: 5,
    description: 'How often gateway adapters poll where they cannot stream',
    values: { type: 'whole', min: 1, max: 24 * 60 },
  },
  BIOMETRIC_MIN_QUALITY_SCORE: {
    default: 0.7,
    description: 'Least quality for algorithm generic-0-1',
    values: { type: 'number', min: 0, max: 1 },
  },
  ATTENDANCE_QR_TOKEN_EXPIRY_MINUTES: {
    default: 60,
    description: 'Static QR mode only',
    values: MINUTES,
  },
  QR_GENERATION_INTERVAL_MINUTES: {
    default: 5,
    description: 'Static QR mode only',
    values: MINUTES,
  },
  ATTENDANCE_DATA_RETENTION_DAYS: {
    default: 2555,
    description: 'Kept for reference; retention is by class of data',
    values: DAYS,
  },
  AUDIT_LOG_RETENTION_DAYS: {
    default: 2555,
    description: 'Kept for reference; retention is by class of data',
    values: DAYS,
  },
} as const satisfies Record<string, SettingRow>;

/** A setting's name. */
export type SettingName = keyof typeof SETTINGS;

/** What a setting demands beside a legal value. */
export function settingRules(name: SettingName): {
  readonly institutionOnly: boolean;
  readonly needsReason: boolean;
} {
  const row: SettingRow = SETTINGS[name];
  return {
    institutionOnly: row.institutionOnly === true,
    needsReason: row.needsReason === true,
  };
}

/** Says whether a text names a setting. */
export const isSettingName = (name: string): name is SettingName => Object.hasOwn(SETTINGS, name);

/** Why a setting cannot have this value, naming what it may have; null when it can. */
export function valueRefusal(name: SettingName, value: unknown): string | null {
  const legal: LegalValues = SETTINGS[name].values;
  switch (legal.type) {
    case 'boolean':
      return typeof value === 'boolean' ? null : 'Give true or false.';
    case 'choice':
      return legal.of.some((choice) => choice === value)
        ? null
        : `Give one of ${legal.of.join(', ')}.`;
    case 'whole':
    case 'number': {
      const isNull = legal.type === 'whole' && legal.orNull === true && value === null;
      const isNumber = typeof value === 'number' && value >= legal.min && value <= legal.max;
      const isWhole = legal.type === 'number' || Number.isInteger(value);
      if (isNull || (isNumber && isWhole)) return null;
      const kind = legal.type === 'whole' ? 'a whole number' : 'a number';
      return `Give ${kind} from ${legal.min} to ${legal.max}.`;
    }
    default:
      return legal satisfies never;
  }
}

/** Policy of a session whose settings are all at their defaults (marks.md section 5). */
export const DEFAULT_SESSION_POLICY: SessionPolicy = {
  earlyOpenMinutes: 5,
  lateAfterMinutes: 5,
  absentAfterMinutes: null,
  lateCaptureMinutes: 0,
  stayMode: 'single',
  minStayMinutes: 10,
  autoAbsent: true,
  lateFrom: 'reference',
  lockAfterHours: 72,
  takenMinShareBp: 1000,
  offlineQr: 'confirm_first',
  selfEntryEnabled: false,
  selfEntryMinutes: 15,
  qrStepSeconds: 10,
  qrPreviousSteps: 1,
  presenceLevel: 'standard',
  geofenceMode: 'level',
  recheckEnabled: false,
  recheckPercent: 10,
};

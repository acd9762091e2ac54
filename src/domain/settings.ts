/** Every setting by name, with its default and meaning; institutions change values, code never does. */
import type { SessionPolicy } from './types.ts';

interface SettingRow {
  readonly default: number | string | boolean | null;
  readonly description: string;
}

/** Names of the original specification first; a name that meant two things is split (marks.md section 5). */
export const SETTINGS = {
  ATTENDANCE_THRESHOLD_PERCENT: {
    default: 75,
    description: 'Least attendance, in percent, for exam eligibility',
  },
  ATTENDANCE_GRACE_PERIOD_MINUTES: {
    default: 5,
    description:
      'Old name of LATE_AFTER_MINUTES and EARLY_OPEN_MINUTES; read where those are not set',
  },
  EARLY_OPEN_MINUTES: {
    default: 5,
    description: 'Minutes before the start from which marks are admitted',
  },
  LATE_AFTER_MINUTES: {
    default: 5,
    description: 'Minutes after the late reference until which an arrival is present',
  },
  ABSENT_AFTER_MINUTES: {
    default: null,
    description: 'Minutes after the late reference from which an arrival is absent; null never',
  },
  LATE_CAPTURE_MINUTES: {
    default: 0,
    description: 'Minutes after the end until which marks are admitted',
  },
  MIN_DURATION_FOR_PRESENT_MINUTES: {
    default: 10,
    description: 'Least stay where first_last is on',
  },
  STAY_MODE: { default: 'single', description: 'single, or first_last: the last punch counts too' },
  AUTO_ABSENT: { default: true, description: 'Absents for the unmarked at close' },
  LATE_FROM: { default: 'reference', description: 'reference, or scheduled_start' },
  LOCK_AFTER_HOURS: { default: 72, description: 'Hours from close to lock' },
  TAKEN_MIN_SHARE_BP: {
    default: 1000,
    description: 'Share of the roster, in basis points, whose machine marks make a class taken',
  },
  OFFLINE_QR: { default: 'confirm_first', description: 'off, confirm_first or provisional' },
  SELF_ENTRY_ENABLED: {
    default: false,
    description: 'Students may enter their own presence, for their teacher to approve',
  },
  SELF_ENTRY_MINUTES: {
    default: 15,
    description: 'Minutes from the start in which a student may enter',
  },
  ATTENDANCE_MAX_CORRECTION_DAYS: {
    default: 7,
    description: 'Days after the class in which a correction can be asked for',
  },
  LEAVE_REMINDER_HOURS: {
    default: 24,
    description: 'Hours until the first reminder of a pending leave',
  },
  CASE_EXPIRY_DAYS: {
    default: 120,
    description: 'Days until an undecided request expires where no semester end is nearer',
  },
  BIOMETRIC_ENABLED: {
    default: false,
    description: 'Terminals give marks; off until an assessment is recorded',
  },
  BIOMETRIC_SYNC_INTERVAL_MINUTES: {
    default: 5,
    description: 'How often gateway adapters poll where they cannot stream',
  },
  BIOMETRIC_MIN_QUALITY_SCORE: {
    default: 0.7,
    description: 'Least quality for algorithm generic-0-1',
  },
  ATTENDANCE_QR_TOKEN_EXPIRY_MINUTES: { default: 60, description: 'Static QR mode only' },
  QR_GENERATION_INTERVAL_MINUTES: { default: 5, description: 'Static QR mode only' },
  ATTENDANCE_DATA_RETENTION_DAYS: {
    default: 2555,
    description: 'Kept for reference; retention is by class of data',
  },
  AUDIT_LOG_RETENTION_DAYS: {
    default: 2555,
    description: 'Kept for reference; retention is by class of data',
  },
} as const satisfies Record<string, SettingRow>;

/** A setting's name. */
export type SettingName = keyof typeof SETTINGS;

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
};

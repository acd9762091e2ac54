/** The least attendance for exam eligibility, from the setting of the narrowest scope. */
import { rows, type Em } from '../../db/orm.ts';
import type { SectionName } from '../../db/queries/statistics.ts';
import { thresholdOfPercent, type Threshold } from '../../domain/eligibility/percentage.ts';
import { SETTINGS, type SettingName } from '../../domain/settings.ts';

/** A threshold as people set it and as it is computed with. */
export interface LeastAttendance {
  /** Percent, with up to two decimals. */
  readonly percent: number;
  readonly threshold: Threshold;
}

/** Stored thresholds, read once for many sections. */
export interface Thresholds {
  /** The institution's. */
  readonly institution: LeastAttendance;
  /** A section's: its own before its course's, its campus's and the institution's. */
  of(section: Pick<SectionName, 'sectionId' | 'courseId' | 'campusId'>): LeastAttendance;
}

const NAME = 'ATTENDANCE_THRESHOLD_PERCENT' satisfies SettingName;

/** Reads every stored threshold in one statement; one that is no percentage gives the default. */
export async function loadThresholds(em: Em): Promise<Thresholds> {
  const stored = await rows<{ scope_kind: string; scope_id: string; value: unknown }>(
    em,
    'select scope_kind, scope_id, value from setting where name = ?',
    [NAME],
  );
  const byPlace = new Map(
    stored.map((row) => [`${row.scope_kind}|${row.scope_id}`, leastAttendance(row.value)]),
  );
  const institution = byPlace.get('institution|') ?? leastAttendance(SETTINGS[NAME].default);
  return {
    institution,
    of: ({ sectionId, courseId, campusId }) =>
      byPlace.get(`section|${sectionId}`) ??
      byPlace.get(`course|${courseId}`) ??
      byPlace.get(`campus|${campusId}`) ??
      institution,
  };
}

function leastAttendance(value: unknown): LeastAttendance {
  const threshold = thresholdOfPercent(value);
  if (threshold && typeof value === 'number') return { percent: value, threshold };
  const { default: percent } = SETTINGS[NAME];
  return { percent, threshold: [percent, 100] };
}

/** Settings that requests are filed by: the campus before the institution, else the default. */
import { rows, type Em } from '../../db/orm.ts';
import { SETTINGS } from '../../domain/settings.ts';
import type { Id } from '../../domain/types.ts';

/** Where a request belongs. */
export interface RequestPlace {
  readonly campusId: Id;
  /** The IANA zone of the campus. */
  readonly zone: string;
}

/** A number of days from the settings; a stored value that is none counts as not stored. */
export async function readDaysSetting(
  em: Em,
  campusId: Id,
  name: 'ATTENDANCE_MAX_CORRECTION_DAYS' | 'CASE_EXPIRY_DAYS',
): Promise<number> {
  const stored = await rows<{ value: unknown }>(
    em,
    `select value from setting where name = ?
       and (scope_kind = 'institution' or (scope_kind = 'campus' and scope_id = ?))
     order by (scope_kind = 'campus') desc`,
    [name, campusId],
  );
  const days = stored.map((row) => row.value).find(isWholeNumber);
  return days ?? SETTINGS[name].default;
}

const isWholeNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0;

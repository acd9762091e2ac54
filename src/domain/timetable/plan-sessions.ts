/** Which sessions a weekly timetable gives over a range of dates, and why it gives no others. */
import type { Id, Instant, LocalDate } from '../types.ts';

/** A weekly class as the rules see it; `weekday` is ISO (1 Monday), times are `HH:MM` or `HH:MM:SS`. */
export interface PlannableSlot {
  readonly id: Id;
  readonly campusId: Id;
  readonly weekday: number;
  readonly startTime: string;
  readonly endTime: string;
  readonly validFrom: LocalDate;
  readonly validTo: LocalDate;
  readonly autoGenerate: boolean;
  readonly isActive: boolean;
  readonly semesterStartsOn: LocalDate;
  readonly semesterEndsOn: LocalDate;
}

/** A holiday of a campus; a part of the day when both times are set. */
export interface CampusHoliday {
  readonly campusId: Id;
  readonly heldOn: LocalDate;
  readonly name: string;
  readonly fromTime: string | null;
  readonly toTime: string | null;
  readonly affectsAttendance: boolean;
}

/** Why a slot gives no session on a date. */
export const SKIP_REASONS = [
  'inactive',
  'automatic_generation_off',
  'weekday',
  'outside_validity',
  'outside_semester',
  'holiday',
  'clock_change',
  'exists',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** A session to create. */
export interface PlannedSession<S extends PlannableSlot = PlannableSlot> {
  readonly slot: S;
  readonly date: LocalDate;
  readonly startAt: Instant;
  readonly endAt: Instant;
}

/**
 * A date on which a slot gives nothing; `date` is null for `weekday`, which is said once of a slot
 * whose weekday does not occur in the range. `detail` names the holiday.
 */
export interface SkippedSession<S extends PlannableSlot = PlannableSlot> {
  readonly slot: S;
  readonly date: LocalDate | null;
  readonly reason: SkipReason;
  readonly detail: string | null;
}

/** What generation works from. */
export interface PlanInput<S extends PlannableSlot = PlannableSlot> {
  readonly slots: readonly S[];
  readonly holidays: readonly CampusHoliday[];
  /** First and last date, both included. */
  readonly dateFrom: LocalDate;
  readonly dateTo: LocalDate;
  /** Whether the slot already gave a session for the date, wherever it has moved since. */
  readonly exists: (slotId: Id, date: LocalDate) => boolean;
  /** A wall-clock time of the slot's campus as an instant. */
  readonly toInstant: (slot: S, date: LocalDate, time: string) => Instant;
}

/** What a plan says: sessions to create, and every refusal with its reason. */
export interface SessionPlan<S extends PlannableSlot = PlannableSlot> {
  readonly planned: readonly PlannedSession<S>[];
  readonly skipped: readonly SkippedSession<S>[];
}

/** The longest range one plan may cover, in days: a semester with room to spare. */
export const PLAN_DAYS_MAX = 200;

/** Plans slot by slot and date by date; the same input gives the same plan in the same order. */
export function planSessions<S extends PlannableSlot>(input: PlanInput<S>): SessionPlan<S> {
  const planned: PlannedSession<S>[] = [];
  const skipped: SkippedSession<S>[] = [];
  const dates = datesBetween(input.dateFrom, input.dateTo);
  for (const slot of input.slots) {
    const own = dates.filter((date) => weekdayOf(date) === slot.weekday);
    if (own.length === 0) skipped.push({ slot, date: null, reason: 'weekday', detail: null });
    for (const date of own) {
      const outcome = planOne(input, slot, date);
      if ('reason' in outcome) skipped.push(outcome);
      else planned.push(outcome);
    }
  }
  return { planned, skipped };
}

function planOne<S extends PlannableSlot>(
  input: PlanInput<S>,
  slot: S,
  date: LocalDate,
): PlannedSession<S> | SkippedSession<S> {
  const skip = (reason: SkipReason, detail: string | null = null): SkippedSession<S> => ({
    slot,
    date,
    reason,
    detail,
  });
  if (!slot.isActive) return skip('inactive');
  if (!slot.autoGenerate) return skip('automatic_generation_off');
  if (date < slot.validFrom || date > slot.validTo) return skip('outside_validity');
  if (date < slot.semesterStartsOn || date > slot.semesterEndsOn) return skip('outside_semester');
  const holiday = input.holidays.find((candidate) => coversClass(candidate, slot, date));
  if (holiday) return skip('holiday', holiday.name);
  if (input.exists(slot.id, date)) return skip('exists');
  const startAt = input.toInstant(slot, date, slot.startTime);
  const endAt = input.toInstant(slot, date, slot.endTime);
  // The hour a zone skips in spring can swallow a class in the small hours.
  if (Date.parse(endAt) <= Date.parse(startAt)) return skip('clock_change');
  return { slot, date, startAt, endAt };
}

/** A full holiday covers every class of its day, a part of a day those it overlaps. */
function coversClass(holiday: CampusHoliday, slot: PlannableSlot, date: LocalDate): boolean {
  if (!holiday.affectsAttendance || holiday.heldOn !== date) return false;
  if (holiday.campusId !== slot.campusId) return false;
  if (holiday.fromTime === null || holiday.toTime === null) return true;
  return (
    clock(slot.startTime) < clock(holiday.toTime) && clock(holiday.fromTime) < clock(slot.endTime)
  );
}

/** `HH:MM:SS`, so that times compare as text. */
function clock(time: string): string {
  return time.length === 5 ? `${time}:00` : time;
}

/** ISO weekday of a date, 1 Monday to 7 Sunday. */
export function weekdayOf(date: LocalDate): number {
  return new Date(`${date}T00:00:00Z`).getUTCDay() || 7;
}

/** The date a number of days later. */
export function addDays(date: LocalDate, days: number): LocalDate {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** Days from one date to another; negative when the second is earlier. */
export function daysBetween(from: LocalDate, to: LocalDate): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}

/** Every date of a range, both ends included; empty when the end is earlier. */
function datesBetween(from: LocalDate, to: LocalDate): LocalDate[] {
  const count = Math.max(daysBetween(from, to) + 1, 0);
  return Array.from({ length: count }, (_, index) => addDays(from, index));
}

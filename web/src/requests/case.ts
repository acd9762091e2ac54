/** The kinds of request as one noun, for screens that show them together. */
import { queryKeys } from '../api/query-keys.ts';
import type { AnyRequest, CaseKind } from '../api/requests.ts';
import type {
  CorrectionRequest,
  LeaveApplication,
  PersonName,
  UnlockRequest,
} from '../api/types.ts';
import { clockIn, dateIn, shiftDate, showDate, showMoment, showTime } from '../shared/times.ts';

/** A request of any kind. */
export type Case =
  | { readonly kind: 'leave'; readonly item: LeaveApplication }
  | { readonly kind: 'correction'; readonly item: CorrectionRequest }
  | { readonly kind: 'unlock'; readonly item: UnlockRequest };

/** The cache keys of a kind. */
export const CASE_KEYS = {
  leave: { all: queryKeys.leaves, list: queryKeys.leaveList },
  correction: { all: queryKeys.corrections, list: queryKeys.correctionList },
  unlock: { all: queryKeys.unlocks, list: queryKeys.unlockList },
} as const satisfies Record<CaseKind, object>;

/** Tells the kind of what an API list gave. */
export const toCase = (kind: CaseKind, item: AnyRequest): Case => ({ kind, item }) as Case;

/** Whose request it is: the student's, or the teacher's who asks for a class. */
export const casePerson = (request: Case): Pick<PersonName, 'first_name' | 'last_name'> =>
  request.kind === 'unlock' ? request.item.requested_by : request.item.student;

/** What a request is about, short: the kind of leave, or the class. */
export function caseTitle(request: Case): string {
  if (request.kind === 'leave') return request.item.leave_type.name;
  const { course_code: code, course_name: name, section_name: section } = request.item.session;
  return `${code} ${name} · ${section}`;
}

/** When it is: the time away, or the start of the class. */
export function caseTime(request: Case, zone: string): string {
  return request.kind === 'leave'
    ? showSpan(request.item, zone)
    : showMoment(request.item.session.start_datetime, zone);
}

/** A time away in words: days when it runs from midnight to midnight, otherwise clock times. */
function showSpan(
  { starts_at: start, ends_at: end }: Pick<LeaveApplication, 'starts_at' | 'ends_at'>,
  zone: string,
): string {
  const first = dateIn(zone, start);
  const isWholeDays = clockIn(zone, start) === '00:00' && clockIn(zone, end) === '00:00';
  // The end is the first instant after the leave: midnight belongs to the next day.
  const last = isWholeDays ? shiftDate(dateIn(zone, end), -1) : dateIn(zone, end);
  if (isWholeDays)
    return first === last ? showDate(first) : `${showDate(first)} – ${showDate(last)}`;
  if (first === last) {
    return `${showDate(first)}, ${showTime(start, zone)} – ${showTime(end, zone)}`;
  }
  return `${showMoment(start, zone)} – ${showMoment(end, zone)}`;
}

/** Field schemas that many routes share. */
import { z } from 'zod';
import { FALLBACKS, fallbackRefusal } from '../domain/presence/fallback.ts';

/** A UUID in either case; code gets it in lower case, as rows hold it and as ids compare. */
export const idField = z.guid().toLowerCase();
/**
 * The id of an operation, made by the client (marks.md section 12). Version 7 and no other: the ids
 * of the system's own operations are of version 5 and can be computed by anybody, who could otherwise
 * take one before the system does.
 */
export const newOpField = z.uuidv7('a UUID of version 7, fresh for each mark').toLowerCase();
/** The years 1 to 9999 in UTC: the database knows no year 0, and later years are written longer. */
const isInCalendar = (text: string): boolean => text >= '0001';
const outsideCalendar = { message: 'Give a year from 0001 to 9999.' };
/** An RFC 3339 instant with offset; code gets it in UTC with milliseconds. */
export const instantField = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text).toISOString())
  .refine(isInCalendar, outsideCalendar);
/** A calendar date `YYYY-MM-DD`. */
export const dateField = z.iso.date().refine(isInCalendar, outsideCalendar);
/** Free text with its ends trimmed: 1 to 2,000 characters. */
export const textField = z.string().trim().min(1).max(2_000);
/** An instant in an answer. */
export const instantReply = z.iso.datetime();
/** Path parameter `id`. */
export const idParams = z.strictObject({ id: idField });
/** A body that may be absent or empty. */
export const noBody = z.strictObject({}).optional();

/** Why staff marked a student who did not scan; optional, and never asked of the student. */
export const fallbackField = z
  .enum(FALLBACKS)
  .describe('why there was no scan; chosen by staff, with present or late only');

/**
 * Refuses the field `fallback` beside another mark, where a request is one claim; for `superRefine`.
 * Where it is many, a wrong one has a result of its own and blocks no other.
 */
export function checkFallback(
  claim: Parameters<typeof fallbackRefusal>[0],
  context: z.core.$RefinementCtx,
): void {
  const refusal = fallbackRefusal(claim);
  if (refusal) {
    context.addIssue({ code: 'custom', path: ['fallback'], message: refusal.detail });
  }
}

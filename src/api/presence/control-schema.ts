/** Schemas of the controls that need no hardware: head counts, re-checks, exit scans. */
import { z } from 'zod';
import { idField, instantReply } from '../fields.ts';

export const headCountBody = z.strictObject({
  heads: z.int().min(0).max(5_000).describe('heads seen in the room; 0 declares that nobody came'),
});

export const headCountReply = z.strictObject({
  id: idField,
  heads: z.int(),
  marked: z.int().describe('records present or late at that moment'),
  tolerance: z.int(),
  outcome: z.enum(['ok', 'headcount_excess', 'headcount_short']),
  counted_by: z.strictObject({ id: idField, first_name: z.string(), last_name: z.string() }),
  counted_at: instantReply,
});

export const headCountsReply = z.strictObject({ results: z.array(headCountReply) });

export const recheckReply = z.strictObject({
  status: z.enum(['none', 'planned', 'running', 'settled', 'cancelled']),
  started_at: instantReply.nullable(),
  ends_at: instantReply.nullable(),
  remaining_ms: z.int().describe('until its end, by the clock of the server; 0 unless it runs'),
  picked: z.int(),
  passed: z.int(),
  missed: z.int(),
});

/** To a student: whether this class asks for another scan now. */
export const ownRecheckReply = z.strictObject({
  scan_again_until: instantReply.nullable(),
  remaining_ms: z.int().describe('until then, by the clock of the server'),
});

/** How the exit scan of a class stands. */
export const exitScanReply = z.strictObject({
  stay_counts: z.boolean().describe('false: this class has no exit scan'),
  starts_at: instantReply.describe('not earlier than this'),
  starts_in_ms: z.int().describe('until then, by the clock of the server'),
  started_at: instantReply.nullable(),
});

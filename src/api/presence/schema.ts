/** Schemas of displays, tickets and scans (presence.md sections 2 and 3). */
import { z } from 'zod';
import { POSITION_PLATFORMS } from '../../domain/presence/geofence.ts';
import { idField, instantReply } from '../fields.ts';
import { resultReply } from '../records/schema.ts';

export const displayBody = z.strictObject({
  mode: z
    .enum(['rotating', 'static'])
    .default('rotating')
    .describe('static lives for an hour and is far weaker; the institution must allow it'),
  text_code: z
    .boolean()
    .default(false)
    .describe('also show six digits, for halls where cameras fail'),
});

export const displayReply = z.strictObject({
  session_id: idField,
  expires_at: instantReply.describe('until when this code is accepted'),
  room: z.string(),
  qr_token: z.string(),
  step: z.int(),
  text_code: z.string().nullable(),
  svg: z.string(),
  png: z.string().describe('data URL'),
  display_token: z.string().describe('opens the namespace /display, which pushes the next codes'),
  display_expires_at: instantReply,
});

export const ticketReply = z.strictObject({
  ticket: z.string(),
  expires_at: instantReply,
  asks_location: z.boolean().describe('whether the class weighs where the phone is'),
});

const location = z.strictObject({
  lat: z.number().min(-90).max(90),
  lng: z.number().min(-180).max(180),
  accuracy_m: z
    .number()
    .min(-1)
    .max(1e7)
    .default(0)
    .describe('0 when the platform states none; -1 where it knows that the fix is not valid'),
  fix_age_ms: z.number().min(0).max(1e12).default(0),
  platform: z.enum(POSITION_PLATFORMS).default('web'),
  mock: z.boolean().default(false),
});

/**
 * The original's body and what a scan needs beside it: exactly one of `qr_token` and `text_code`.
 * `student` may only name the caller; `device_id` is tolerated and ignored.
 */
export const scanBody = z
  .strictObject({
    session: idField,
    ticket: z.string().min(1).max(100).optional(),
    qr_token: z.string().min(1).max(200).optional(),
    text_code: z
      .string()
      .regex(/^\d{6}$/, 'six digits')
      .optional(),
    location: location.optional(),
    student: idField.optional(),
    device_id: z.string().max(200).optional(),
  })
  .refine(({ qr_token, text_code }) => (qr_token === undefined) !== (text_code === undefined), {
    path: ['qr_token'],
    message: 'send either qr_token or text_code',
  });

export const scanReply = resultReply;

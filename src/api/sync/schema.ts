/** Schemas of the offline sync route (marks.md section 12). */
import { z } from 'zod';
import { MARKS } from '../../domain/types.ts';
import {
  fallbackField,
  idField,
  instantField,
  instantReply,
  newOpField,
  textField,
} from '../fields.ts';
import { resultCounts, resultReply } from '../records/schema.ts';

/** Most claims of one request. */
export const SYNC_OPS_MAX = 500;

const monotonic = z.int().min(0).describe('milliseconds of the steady clock since the boot');
const bootId = z.string().min(1).max(100);

const operation = z.strictObject({
  op_id: newOpField.describe('made by the client, a UUIDv7, the same at every attempt'),
  session: idField,
  student: idField,
  kind: z.literal('mark'),
  mark: z.enum(MARKS),
  captured_at: instantField,
  captured_mono_ms: monotonic.optional(),
  boot_id: bootId.optional(),
  base_op_id: idField.nullable(),
  acks: z.array(idField).max(50),
  evidence: z.strictObject({
    qr_code: z.string().min(1).max(2_000).optional(),
    device_key_id: idField.optional(),
    fallback: fallbackField.optional(),
  }),
  notes: textField.optional(),
});

export const syncBody = z.strictObject({
  client_id: z.string().min(1).max(100).describe('names the installation, for support'),
  sent_at: instantField,
  sent_mono_ms: monotonic,
  boot_id: bootId,
  // The handler refuses more than SYNC_OPS_MAX with 413; this bound only keeps parsing cheap.
  ops: z.array(operation).min(1).max(5_000),
});

export const syncReply = z.strictObject({
  server_time: instantReply,
  results: z.array(resultReply),
  counts: resultCounts,
});

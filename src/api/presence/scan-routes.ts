/** Routes of a student's phone: a ticket, and the scan it is for. */
import type { z } from 'zod';
import type { Principal } from '../../auth/principal.ts';
import { refusalError } from '../../domain/attendance/results.ts';
import { appError, type ErrorCode } from '../../domain/errors.ts';
import type { Id } from '../../domain/types.ts';
import { createTicketDesk } from '../../operations/presence/issue-ticket.ts';
import type { PresenceTools } from '../../operations/presence/presence-tools.ts';
import type { Scan, ScanOutcome } from '../../operations/presence/scan.ts';
import { createScanDesk } from '../../operations/presence/scan-desk.ts';
import { addressOf } from '../../security/network.ts';
import { sha256Hex } from '../../security/opaque-token.ts';
import type { ApiDeps } from '../api-deps.ts';
import { idParams } from '../fields.ts';
import { operationId } from '../preconditions.ts';
import { presentResult } from '../records/presenter.ts';
import { authorize, route, type Route } from '../route.ts';
import { scanBody, scanReply, ticketReply } from './schema.ts';

const TAG = 'Presence';

const STATE_REFUSALS: readonly ErrorCode[] = [
  'session_not_found',
  'not_on_roster',
  'session_not_open',
  'session_closed',
  'session_locked',
  'session_cancelled',
];

/** Gives a phone the right to send one scan. */
export function scanTicket(deps: ApiDeps): Route {
  const issue = createTicketDesk(deps);
  return route({
    method: 'post',
    path: '/api/v1/attendance/sessions/:id/scan-tickets',
    summary: 'Open the scanner: a ticket for one scan within 90 seconds',
    tag: TAG,
    access: authorize('mark_attendance'),
    deviceProof: 'required',
    params: idParams,
    replies: { 201: ticketReply },
    errors: [...STATE_REFUSALS, 'busy'],
    handler: async ({ params, principal, device }) => {
      const { ticket, expiresAt, asksLocation } = await issue({
        sessionId: params.id,
        studentId: studentOf(principal),
        deviceKeyId: device.deviceKeyId,
      });
      return { status: 201, body: { ticket, expires_at: expiresAt, asks_location: asksLocation } };
    },
  });
}

/** Marks the signed-in student by a displayed code. */
export function qrScan(deps: ApiDeps, tools: PresenceTools): Route {
  const take = createScanDesk(deps.takeScans);
  return route({
    method: 'post',
    path: '/api/v1/attendance/records/qr-scan',
    summary: 'Send a scanned code: marks the signed-in student and nobody else',
    tag: TAG,
    access: authorize('mark_attendance'),
    idempotency: 'required',
    deviceProof: 'by_ticket',
    body: scanBody,
    replies: { 200: scanReply, 201: scanReply },
    errors: [
      ...STATE_REFUSALS,
      'idempotency_key_required',
      'op_id_reused',
      'student_not_accepted',
      'ticket_missing',
      'ticket_mismatch',
      'ticket_expired',
      'ticket_used',
      'too_many_attempts',
      'proof_invalid',
      'device_unbound',
      'device_revoked',
      'device_bound_to_other',
      'device_already_used',
      'code_malformed',
      'code_invalid',
      'code_expired',
      'code_future',
      'qr_disabled',
      'text_code_disabled',
      'geofence_outside',
      'risk_rejected',
      'busy',
      'try_again',
    ],
    handler: async ({ body, principal, operation, idempotencyKey, proveWith, request }) => {
      const studentId = studentOf(principal);
      if (body.student !== undefined && body.student !== studentId) throw notYours();
      // Without a ticket there is nothing that a proof could be about.
      const key = body.ticket === undefined ? null : await proveWith(body.ticket);
      const outcome = await take({
        opId: operationId(idempotencyKey),
        userId: principal.userId,
        actor: operation.actor,
        studentId,
        sessionId: body.session,
        ticketHash: body.ticket === undefined ? null : sha256Hex(body.ticket),
        jkt: key?.jkt ?? null,
        ...captureOf(body, tools),
        address: addressOf(request.ip),
      });
      return replyTo(outcome);
    },
  });
}

function studentOf({ studentId }: Principal): Id {
  if (studentId) return studentId;
  throw appError('student_not_accepted', 'Only a student scans; staff mark on the roll.');
}

const notYours = () => appError('student_not_accepted', 'You can mark only yourself.');

function captureOf(
  { qr_token, text_code, location }: z.output<typeof scanBody>,
  tools: PresenceTools,
): Pick<Scan, 'code' | 'location' | 'positionHash'> {
  const code =
    qr_token === undefined
      ? ({ kind: 'text', digits: text_code ?? '' } as const)
      : ({ kind: 'qr', token: qr_token } as const);
  if (!location) return { code, location: null, positionHash: null };
  const { lat, lng, accuracy_m, fix_age_ms, platform, mock } = location;
  return {
    code,
    location: { lat, lng, accuracyM: accuracy_m, ageMs: fix_age_ms, platform, isMock: mock },
    positionHash: tools.positionHash({ lat, lng }),
  };
}

function replyTo(outcome: ScanOutcome) {
  if (outcome.refusal) throw refusalError(outcome.refusal);
  const { result } = outcome;
  if (result.status === 'rejected' && result.code === 'op_id_reused') {
    throw appError('op_id_reused', 'This scan could not be used. Scan again.');
  }
  return { status: result.isFirst ? 201 : 200, body: presentResult(result) };
}

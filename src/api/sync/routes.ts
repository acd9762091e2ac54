/** The offline sync route: many claims of one device, one result each. */
import type { Logger } from 'pino';
import type { Principal } from '../../auth/principal.ts';
import { sessionScope, withoutRole } from '../../auth/scope.ts';
import { appError } from '../../domain/errors.ts';
import type { PresenceTools } from '../../operations/presence/presence-tools.ts';
import { syncOperations, type SyncScope } from '../../operations/records/sync-operations.ts';
import { countByStatus, presentResult } from '../records/presenter.ts';
import { authorize, route, type Route } from '../route.ts';
import { SYNC_OPS_MAX, syncBody, syncReply } from './schema.ts';

const BYTES_MAX = 256 * 1024;

/** The sync routes. */
export function syncRoutes({
  logger,
  presence,
}: {
  readonly logger: Logger;
  readonly presence: PresenceTools;
}): Route[] {
  return [sync(logger, presence)];
}

function sync(logger: Logger, presence: PresenceTools): Route {
  return route({
    method: 'post',
    path: '/api/v1/attendance/sync',
    summary: 'Send marks captured offline: each gets its own result, repeats are harmless',
    tag: 'Sync',
    access: authorize('mark_attendance'),
    deviceProof: 'required',
    body: syncBody,
    bodyLimit: BYTES_MAX,
    replies: { 200: syncReply },
    errors: ['payload_too_large'],
    handler: async ({ body, principal, operation, device }) => {
      if (body.ops.length > SYNC_OPS_MAX) {
        throw appError('payload_too_large', `Send at most ${SYNC_OPS_MAX} operations at once.`);
      }
      const request = {
        clientId: body.client_id,
        sentAt: body.sent_at,
        sentMonoMs: body.sent_mono_ms,
        bootId: body.boot_id,
        deviceKeyId: device.deviceKeyId,
        items: body.ops.map((op) => ({
          opId: op.op_id,
          sessionId: op.session,
          studentId: op.student,
          mark: op.mark,
          capturedAt: op.captured_at,
          capturedMonoMs: op.captured_mono_ms ?? null,
          bootId: op.boot_id ?? null,
          baseOpId: op.base_op_id,
          acks: op.acks,
          evidence: op.evidence,
          notes: op.notes ?? null,
        })),
      };
      const { serverTime, results } = await syncOperations(
        operation,
        syncScope(principal),
        request,
        () => presence.codes(),
        (error) => logger.error({ err: error }, 'a session of a sync failed'),
      );
      return {
        status: 200,
        body: {
          server_time: serverTime,
          results: results.map(presentResult),
          counts: countByStatus(results),
        },
      };
    },
  });
}

function syncScope(principal: Principal): SyncScope {
  const staff = withoutRole(principal, 'student');
  return {
    view: sessionScope(principal, 'view_attendance', 's'),
    mark: sessionScope(staff, 'mark_attendance', 's'),
    facultyId: principal.facultyId,
    userId: principal.userId,
    studentId: principal.facultyId === null ? principal.studentId : null,
  };
}

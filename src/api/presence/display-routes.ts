/** Routes of the screen in the room: start showing codes. */
import { systemDice } from '../../security/system-dice.ts';
import { toDataURL, toString } from 'qrcode';
import { appError, type ErrorCode } from '../../domain/errors.ts';
import { currentCode } from '../../operations/presence/current-code.ts';
import type { PresenceTools } from '../../operations/presence/presence-tools.ts';
import { startDisplay } from '../../operations/presence/start-display.ts';
import { idParams } from '../fields.ts';
import { markScope } from '../records/mark-scope.ts';
import { authorize, route, type Route } from '../route.ts';
import { displayBody, displayReply } from './schema.ts';

const TAG = 'Presence';

/** Refusals of what only the staff of an open session do. */
export const STAFF_REFUSALS: readonly ErrorCode[] = [
  'not_found',
  'not_staff',
  'session_not_open',
  'session_closed',
  'session_locked',
  'session_cancelled',
];

/** Starts showing the codes of a session; the only HTTP reply that carries one. */
export function generateQr(tools: PresenceTools): Route {
  return route({
    method: 'post',
    path: '/api/v1/attendance/sessions/:id/generate-qr',
    summary: 'Show the codes of an open session; the staff of the class only',
    tag: TAG,
    access: authorize('mark_attendance'),
    params: idParams,
    body: displayBody,
    replies: { 200: displayReply },
    errors: [...STAFF_REFUSALS, 'qr_disabled', 'clock_skew'],
    handler: async ({ params, body, principal, operation }) => {
      const codes = await tools.codes();
      const started = await startDisplay(
        operation,
        markScope(principal),
        { sessionId: params.id, mode: body.mode, textCode: body.text_code },
        systemDice,
      );
      const code = await currentCode(operation.em, tools.clock, codes, params.id);
      if (!code) throw appError('session_closed', 'Marking is closed. Ask your teacher.');
      const claims = { sessionId: params.id, expiresMs: Date.parse(started.expiresAt) };
      const [svg, png, displayToken] = await Promise.all([
        toString(code.token, { type: 'svg', errorCorrectionLevel: 'M', margin: 4 }),
        toDataURL(code.token, { errorCorrectionLevel: 'M', margin: 4, scale: 4 }),
        tools.displayTokens.sign(claims, operation.ids.next()),
      ]);
      return {
        status: 200,
        body: {
          session_id: params.id,
          expires_at: new Date((await tools.clock.now()) + code.validMs).toISOString(),
          room: started.room,
          qr_token: code.token,
          step: code.step,
          text_code: code.textCode,
          svg,
          png,
          display_token: displayToken,
          display_expires_at: started.expiresAt,
        },
      };
    },
  });
}

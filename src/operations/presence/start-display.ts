/** Starts showing a session's codes: the first one sets its late reference (marks.md section 5). */
import { auditEntry, sessionChain } from '../../audit/append-log.ts';
import { firstRow, rows, toInstant, type Em } from '../../db/orm.ts';
import { stateRefusal } from '../../domain/attendance/admission.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import { refusalError } from '../../domain/attendance/results.ts';
import { appError } from '../../domain/errors.ts';
import { recheckMoment, type Dice } from '../../domain/presence/recheck.ts';
import { SETTINGS } from '../../domain/settings.ts';
import type { Id, Instant } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { appendMarks } from '../records/append-marks.ts';
import { settleRoster } from '../records/become-taken.ts';
import { markingRank, type MarkScope } from '../records/mark-records.ts';
import { rosterOf } from '../records/roster.ts';
import { lockSessionNow, type LockedSession, type SessionRow } from '../sessions/session-row.ts';

/** What staff ask for. */
export interface DisplayRequest {
  readonly sessionId: Id;
  readonly mode: 'rotating' | 'static';
  /** Also show six digits, for halls where cameras fail. */
  readonly textCode: boolean;
}

/** A session that shows codes now. */
export interface StartedDisplay {
  readonly session: SessionRow;
  readonly room: string;
  /** Until when the display may go on without asking again; the session says the same to readers. */
  readonly expiresAt: Instant;
}

/** A display asks again after an hour. */
const DISPLAY_MS = 60 * 60_000;

/**
 * Starts, or goes on with, the display of an open session. Repeating it changes the kind of code and
 * keeps the late reference.
 * @param dice  draws the moment of the re-check where the session has one
 * @throws AppError `not_found`, `not_staff`, `session_not_open` and its kin, `qr_disabled` for the
 *   static mode where the institution did not switch it on
 */
export async function startDisplay(
  operation: Operation,
  scope: MarkScope,
  request: DisplayRequest,
  dice: Dice,
): Promise<StartedDisplay> {
  return operation.em.transactional(async (em) => {
    await markingRank(em, scope, request.sessionId);
    const locked = await lockSessionNow(em, request.sessionId);
    requireOpen(locked);
    const { session, nowMs } = locked;
    const kind = await codeKind(em, request.mode);
    const expiresAt = displayEnd(session, nowMs);
    const isFirst = await writeDisplay(operation, em, request, { ...kind, expiresAt });
    const shown = await setLateReference(em, session, nowMs);
    if (isFirst) await planRecheck(operation, em, session, nowMs, dice);
    const effect =
      shown === session
        ? null
        : await settleRoster(em, operation, shown, await rosterOf(em, shown));
    await appendMarks(em, operation, shown, effect?.operations ?? [], effect?.changes ?? [], {
      conflicts: effect?.conflicts ?? [],
      sessionChanged: effect !== null,
      audit: [
        auditEntry(operation.actor, {
          chain: sessionChain(session.id),
          action: 'session.code_shown',
          entityType: 'AttendanceSession',
          entityId: session.id,
          sessionId: session.id,
          after: { mode: request.mode, text_code: request.textCode, first: isFirst },
        }),
      ],
    });
    return { session: shown, room: await roomCode(em, session.roomId), expiresAt };
  });
}

/** When the display ends, in whole seconds: the display token, a JWT, counts no smaller ones. */
export function displayEnd(session: Pick<SessionRow, 'closesAt'>, nowMs: number): Instant {
  const endMs = Math.min(Date.parse(session.closesAt), nowMs + DISPLAY_MS);
  return new Date(Math.floor(endMs / 1_000) * 1_000).toISOString();
}

/** Refuses what only an open session does. @throws AppError `session_not_open` and its kin */
export function requireOpen({ session, effectiveStatus }: LockedSession): void {
  const refusal = stateRefusal(effectiveStatus, RANK.qr, session);
  if (refusal) throw refusalError(refusal);
}

/** The steps of the code; the original's minutes for a static one. */
interface CodeKind {
  readonly stepMinutes: number | null;
  readonly expiryMinutes: number | null;
}

async function codeKind(em: Em, mode: DisplayRequest['mode']): Promise<CodeKind> {
  if (mode === 'rotating') return { stepMinutes: null, expiryMinutes: null };
  const stored = await rows<{ name: string; value: unknown }>(
    em,
    `select name, value from setting where scope_kind = 'institution' and name in
       ('STATIC_QR_ENABLED', 'QR_GENERATION_INTERVAL_MINUTES', 'ATTENDANCE_QR_TOKEN_EXPIRY_MINUTES')
     -- Who switches static codes off waits for this display, and then ends it with the others.
     for share`,
  );
  const valueOf = (name: keyof typeof SETTINGS): unknown =>
    stored.find((row) => row.name === name)?.value ?? SETTINGS[name].default;
  if (valueOf('STATIC_QR_ENABLED') !== true) {
    throw appError(
      'qr_disabled',
      'Your institution allows no static codes; show the rotating one.',
    );
  }
  return {
    stepMinutes: Math.max(1, Number(valueOf('QR_GENERATION_INTERVAL_MINUTES'))),
    expiryMinutes: Math.max(1, Number(valueOf('ATTENDANCE_QR_TOKEN_EXPIRY_MINUTES'))),
  };
}

/**
 * Turns every static code that is shown into a rotating one: the institution allows static ones no
 * more. Screens follow by themselves, and a static code that somebody kept is good for nothing. A class
 * that is over keeps its kind of code, by which scans saved offline are judged.
 * @returns how many screens change
 */
export async function endStaticCodes(em: Em): Promise<number> {
  const ended = await rows(
    em,
    `update session_display d set mode = 'rotating', static_step_minutes = null,
       static_expiry_minutes = null
     from attendance_session s where s.id = d.session_id and d.mode = 'static'
       and s.status in ('scheduled', 'open') and app_clock() < s.closes_at returning 1`,
  );
  return ended.length;
}

async function writeDisplay(
  { actor }: Operation,
  em: Em,
  { sessionId, mode, textCode }: DisplayRequest,
  { stepMinutes, expiryMinutes, expiresAt }: CodeKind & { readonly expiresAt: Instant },
): Promise<boolean> {
  const row = await firstRow<{ is_first: boolean }>(
    em,
    `insert into session_display as d (session_id, started_at, started_by_id, expires_at, mode,
       static_step_minutes, static_expiry_minutes, text_code)
     values (?::uuid, app_clock(), ?::uuid, ?::timestamptz, ?, ?::int, ?::int, ?::boolean)
     on conflict (session_id) do update set expires_at = excluded.expires_at, mode = excluded.mode,
       static_step_minutes = excluded.static_step_minutes,
       static_expiry_minutes = excluded.static_expiry_minutes, text_code = excluded.text_code
     returning xmax = 0 as is_first`,
    [sessionId, actor.userId, expiresAt, mode, stepMinutes, expiryMinutes, textCode],
  );
  return row?.is_first === true;
}

/** The moment a code was first shown; later displays do not move it. */
async function setLateReference(em: Em, session: SessionRow, nowMs: number): Promise<SessionRow> {
  if (session.lateReferenceAt !== null) return session;
  const row = await firstRow<{ at: string; version: number }>(
    em,
    `update attendance_session set late_reference_at = ?::timestamptz, version = version + 1,
       updated_at = app_clock() where id = ?::uuid returning late_reference_at as at, version`,
    [new Date(nowMs).toISOString(), session.id],
  );
  if (!row) throw new Error('the session row vanished under its lock');
  return { ...session, lateReferenceAt: toInstant(row.at), version: row.version };
}

/** Draws the moment of the re-check, where the session has one and is long enough. */
async function planRecheck(
  { ids }: Operation,
  em: Em,
  session: SessionRow,
  nowMs: number,
  dice: Dice,
): Promise<void> {
  if (!session.policy.recheckEnabled) return;
  const startMs = Math.max(Date.parse(session.startAt), nowMs);
  const moment = recheckMoment(startMs, Date.parse(session.endAt), dice);
  if (moment === null) return;
  await rows(
    em,
    `insert into recheck (id, session_id, status, percent, due_at)
     values (?::uuid, ?::uuid, 'planned', ?::int, ?::timestamptz) on conflict do nothing`,
    [ids.next(), session.id, session.policy.recheckPercent, new Date(moment).toISOString()],
  );
}

async function roomCode(em: Em, roomId: Id): Promise<string> {
  const row = await firstRow<{ code: string }>(em, 'select code from room where id = ?::uuid', [
    roomId,
  ]);
  return row?.code ?? '';
}

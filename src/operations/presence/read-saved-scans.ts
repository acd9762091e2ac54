/** Codes that phones kept while they were offline: what each proves, and when (presence.md section 9). */
import { rows, type Em } from '../../db/orm.ts';
import type { JudgedTime } from '../../domain/attendance/capture-time.ts';
import type { Refusal } from '../../domain/attendance/results.ts';
import { OFFLINE_TOLERANCE_MS, wasSeenInStep } from '../../domain/presence/steps.ts';
import { stepRuleOf } from '../../domain/presence/judge-scan.ts';
import type { Id, SessionPolicy } from '../../domain/types.ts';
import type { QrCodes } from '../../security/qr-codes.ts';

/** What a session's codes are judged by. */
export interface CodeRules {
  readonly policy: Pick<SessionPolicy, 'qrStepSeconds' | 'qrPreviousSteps'>;
  /** Minutes of a static code; null where the session shows none. */
  readonly staticMinutes: { readonly step: number; readonly expiry: number } | null;
}

/** A saved scan: refused, or true from an instant on. */
export type SavedScan =
  | { readonly refusal: Refusal; readonly effAtMs: null }
  | { readonly refusal: null; readonly effAtMs: number; readonly step: number };

/** Reads what the codes of these sessions are judged by. */
export async function readCodeRules(
  em: Em,
  sessionIds: readonly Id[],
): Promise<Map<Id, CodeRules>> {
  const found = await rows<{
    id: Id;
    policy: SessionPolicy;
    step: number | null;
    expiry: number | null;
  }>(
    em,
    `select s.id, s.policy, d.static_step_minutes as step, d.static_expiry_minutes as expiry
     from attendance_session s left join session_display d on d.session_id = s.id
     where s.id = any(?::uuid[])`,
    [sessionIds],
  );
  return new Map(
    found.map(({ id, policy, step, expiry }) => [
      id,
      { policy, staticMinutes: step === null || expiry === null ? null : { step, expiry } },
    ]),
  );
}

/**
 * Judges a saved code: it must be of this session, and its time must lie where the code was on a
 * screen, give or take what the clock of the phone is trusted with. A code proves "not before".
 */
export function judgeSavedScan(
  codes: QrCodes,
  sessionId: Id,
  { policy, staticMinutes }: CodeRules,
  token: string,
  time: Pick<JudgedTime, 'effAtMs' | 'trust'>,
): SavedScan {
  const opened = codes.open(sessionId, token);
  if (opened.kind !== 'opened') return refuse('code_invalid', INVALID);
  const { step, isStatic } = opened.content;
  if (isStatic !== (staticMinutes !== null)) return refuse('code_invalid', INVALID);
  const trust = time.trust === 'low' ? 'low' : 'high';
  const { fromMs, isPlausible } = staticMinutes
    ? staticWindow(staticMinutes, step, time.effAtMs, trust)
    : {
        fromMs: step * policy.qrStepSeconds * 1_000,
        isPlausible: wasSeenInStep(stepRuleOf(policy), step, time.effAtMs, trust),
      };
  if (!isPlausible) {
    return refuse('stale_code', 'The saved scan could not be used. Request a correction.');
  }
  return { refusal: null, effAtMs: Math.max(time.effAtMs, fromMs), step };
}

const INVALID = 'This code belongs to another class or is damaged.';

function refuse(code: 'code_invalid' | 'stale_code', detail: string): SavedScan {
  return { refusal: { code, detail }, effAtMs: null };
}

function staticWindow(
  { step: stepMinutes, expiry }: NonNullable<CodeRules['staticMinutes']>,
  step: number,
  effAtMs: number,
  trust: 'high' | 'low',
) {
  const fromMs = step * stepMinutes * 60_000;
  const tolerance = OFFLINE_TOLERANCE_MS[trust];
  const isPlausible =
    effAtMs >= fromMs - tolerance && effAtMs <= fromMs + expiry * 60_000 + tolerance;
  return { fromMs, isPlausible };
}

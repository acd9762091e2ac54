/** The code a session shows at an instant; made for its display and for nobody else. */
import type { DatabaseClock } from '../../db/database-clock.ts';
import { firstRow, rows, type Em } from '../../db/orm.ts';
import {
  acceptedWindow,
  SHOWN_AFTER_MS,
  stepAt,
  TEXT_CODE_RULE,
} from '../../domain/presence/steps.ts';
import { stepRuleOf } from '../../domain/presence/judge-scan.ts';
import type { Id, SessionPolicy } from '../../domain/types.ts';
import type { QrCodes } from '../../security/qr-codes.ts';

/** What scanning a code is for: to be recorded, to confirm it, to prove that one stayed. */
export type CodePurpose = 'entry' | 'recheck' | 'exit';

/** A code on its way to a screen. */
export interface DisplayedCode {
  readonly token: string;
  readonly step: number;
  /** How long it will still be accepted. */
  readonly validMs: number;
  /** In how many milliseconds another code is to be shown. */
  readonly nextInMs: number;
  readonly textCode: string | null;
  readonly mode: 'rotating' | 'static';
  readonly purpose: CodePurpose;
}

interface Row {
  policy: SessionPolicy;
  mode: 'rotating' | 'static';
  static_step_minutes: number | null;
  static_expiry_minutes: number | null;
  text_code: boolean;
}

interface PurposeRow {
  is_exit: boolean;
  is_recheck: boolean;
}

/** The columns of a `PurposeRow`, of a display `d`. */
const PURPOSE = `d.exit_started_at is not null as is_exit,
  exists (select 1 from recheck k where k.session_id = d.session_id and k.status = 'running'
    and app_clock() < k.ends_at) as is_recheck`;

/** While a re-check runs, it comes before the exit scan. */
const purposeOf = (row: PurposeRow): CodePurpose =>
  row.is_recheck ? 'recheck' : row.is_exit ? 'exit' : 'entry';

/** What kind of code is shown and what it is for, as one text: where it changes, so does the code. */
export const kindOf = ({ mode, purpose }: Pick<DisplayedCode, 'mode' | 'purpose'>): string =>
  `${mode}/${purpose}`;

/** The kinds of several sessions' codes now; a session that never showed any is left out. */
export async function currentKinds(
  em: Em,
  sessionIds: readonly Id[],
): Promise<ReadonlyMap<Id, string>> {
  const found = await rows<PurposeRow & Pick<DisplayedCode, 'mode'> & { session_id: Id }>(
    em,
    `select d.session_id, d.mode, ${PURPOSE} from session_display d
     where d.session_id = any(?::uuid[])`,
    [sessionIds],
  );
  return new Map(
    found.map((row) => [row.session_id, kindOf({ mode: row.mode, purpose: purposeOf(row) })]),
  );
}

/**
 * Makes the code to show now, a second behind the clock: a small skew between processes never shows
 * a code of the future. Undefined where the session shows none, or is not open any more.
 * @throws AppError `clock_skew`
 */
export async function currentCode(
  em: Em,
  clock: DatabaseClock,
  codes: QrCodes,
  sessionId: Id,
): Promise<DisplayedCode | undefined> {
  const nowMs = await clock.now();
  const row = await firstRow<Row & PurposeRow>(
    em,
    `select s.policy, d.mode, d.static_step_minutes, d.static_expiry_minutes, d.text_code, ${PURPOSE}
     from session_display d join attendance_session s on s.id = d.session_id
     where d.session_id = ?::uuid and app_clock() < s.closes_at
       and (s.status = 'open' or (s.status = 'scheduled' and s.auto_open
         and app_clock() >= s.opens_at))`,
    [sessionId],
  );
  if (!row) return undefined;
  const { mode } = row;
  const shownMs = nowMs - SHOWN_AFTER_MS;
  const { stepMs, acceptedUntilMs, step } = stepOf(row, shownMs);
  const nextMs = Math.min(
    (step + 1) * stepMs,
    row.text_code
      ? (stepAt(TEXT_CODE_RULE, shownMs) + 1) * TEXT_CODE_RULE.seconds * 1_000
      : Infinity,
  );
  const purpose = purposeOf(row);
  const token = codes.seal(sessionId, {
    step,
    isStatic: mode === 'static',
    recheck: purpose === 'recheck',
    exit: purpose === 'exit',
  });
  return {
    token,
    step,
    validMs: acceptedUntilMs - nowMs,
    nextInMs: nextMs - shownMs,
    textCode: row.text_code ? codes.textCode(sessionId, stepAt(TEXT_CODE_RULE, shownMs)) : null,
    mode,
    purpose,
  };
}

function stepOf(row: Row, shownMs: number) {
  if (row.mode === 'static') {
    const stepMs = (row.static_step_minutes ?? 0) * 60_000;
    const step = Math.floor(shownMs / stepMs);
    return {
      stepMs,
      step,
      acceptedUntilMs: step * stepMs + (row.static_expiry_minutes ?? 0) * 60_000,
    };
  }
  const rule = stepRuleOf(row.policy);
  const step = stepAt(rule, shownMs);
  return {
    stepMs: rule.seconds * 1_000,
    step,
    acceptedUntilMs: acceptedWindow(rule, step).untilMs,
  };
}

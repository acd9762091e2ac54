/**
 * Claims captured offline and sent later in one request: each gets its own result, and one session's
 * trouble never touches another's (marks.md section 12, "Sync").
 */
import { rows, type Em } from '../../db/orm.ts';
import { judgeCapture, type JudgedTime } from '../../domain/attendance/capture-time.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import type { Refusal } from '../../domain/attendance/results.ts';
import { AppError } from '../../domain/errors.ts';
import { fallbackRefusal, type Fallback } from '../../domain/presence/fallback.ts';
import type { Id, Instant, Mark } from '../../domain/types.ts';
import { inParallel } from '../in-parallel.ts';
import type { QrCodes } from '../../security/qr-codes.ts';
import { judgeSavedScan, readCodeRules, type SavedScan } from '../presence/read-saved-scans.ts';
import { bindingsAt, type BindingAt } from '../devices/device-bindings.ts';
import type { Operation } from '../ports.ts';
import { beginMarks, readClock } from '../sessions/session-row.ts';
import { applyOperations } from './apply-operations.ts';
import { withRetries, type MarkScope } from './mark-records.ts';
import {
  rejectedResult,
  type DraftVerdict,
  type OperationDraft,
  type OperationResult,
} from './operation-draft.ts';

/** One claim as its device sends it. */
export interface SyncItem {
  readonly opId: Id;
  readonly sessionId: Id;
  readonly studentId: Id;
  readonly mark: Mark;
  readonly capturedAt: Instant;
  readonly capturedMonoMs: number | null;
  readonly bootId: string | null;
  readonly baseOpId: Id | null;
  readonly acks: readonly Id[];
  readonly evidence: SyncEvidence;
  readonly notes: string | null;
}

/** What a phone kept of a capture. */
export interface SyncEvidence {
  /** The code as it was read. */
  readonly qr_code?: string | undefined;
  /** The key of the device that captured it, where another one sends it. */
  readonly device_key_id?: Id | undefined;
  /** Why there was no scan, as a teacher chose it. */
  readonly fallback?: Fallback | undefined;
}

/** A request of one device. */
export interface SyncRequest {
  readonly clientId: string;
  readonly sentAt: Instant;
  readonly sentMonoMs: number;
  readonly bootId: string;
  /** The key that proved the request. */
  readonly deviceKeyId: Id;
  readonly items: readonly SyncItem[];
}

/** Who sends: a student for themselves, or the staff of classes. */
export interface SyncScope extends MarkScope {
  readonly userId: Id;
  /** Set where the sender is a student and nothing else. */
  readonly studentId: Id | null;
}

/** The answer to one request. */
export interface SyncOutcome {
  readonly serverTime: Instant;
  /** In request order. */
  readonly results: readonly OperationResult[];
}

/** Gives the codes that saved scans are opened with. */
export type CodesOf = () => Promise<QrCodes>;

/**
 * Takes the claims session by session, each in a transaction of its own that is committed before
 * this returns. A fault that may pass gives `retry` for the items of that session only.
 * @param codesOf  asked only where a student's scans are among the claims
 * @param onFault  told of faults behind a `retry`
 */
export async function syncOperations(
  operation: Operation,
  scope: SyncScope,
  request: SyncRequest,
  codesOf: CodesOf,
  onFault: (error: unknown) => void,
): Promise<SyncOutcome> {
  const receivedMs = await readClock(operation.em);
  const sessions = await reachableSessions(operation.em, scope, request.items);
  const captures = request.items.map((item) => ({ item, time: timeOf(request, item, receivedMs) }));
  const bindings = await bindingsAt(
    operation.em,
    captures.map(({ item, time }) => ({
      deviceKeyId: item.evidence.device_key_id ?? request.deviceKeyId,
      userId: scope.userId,
      // A time that nobody believes says nothing of who held the device.
      at: new Date(time.review ? receivedMs : time.effAtMs).toISOString(),
    })),
  );
  const scans = await readScans(operation.em, scope, captures, codesOf);
  const results = request.items.map((item) => rejectedResult(item, UNKNOWN_SESSION));
  const drafts: { readonly place: number; readonly sessionId: Id; draft: OperationDraft }[] = [];
  captures.forEach(({ item, time }, place) => {
    const { sessionId } = item;
    const rank = sessions.get(sessionId);
    if (rank === undefined) return;
    const binding = bindings[place] ?? 'nobody';
    const draft = draftOf(request, scope, item, {
      time,
      staffRank: rank,
      binding,
      scan: scans.get(item.opId) ?? null,
    });
    drafts.push({ place, sessionId, draft });
  });
  const ofSession = Map.groupBy(drafts, ({ sessionId }) => sessionId);
  await inParallel([...ofSession], SESSIONS_AT_ONCE, async ([sessionId, own]) => {
    const claims = own.map(({ draft }) => draft);
    const taken = await takeSession(operation, sessionId, claims, onFault);
    own.forEach(({ place, draft }, index) => {
      results[place] = taken[index] ?? retryResult(draft);
    });
  });
  return { serverTime: new Date(receivedMs).toISOString(), results };
}

/** While the database works on one class, this process works on the next. */
const SESSIONS_AT_ONCE = 2;

const UNKNOWN_SESSION: Refusal = {
  code: 'session_unknown',
  detail: 'There is no such class, or it is not one of yours.',
};

/** The rank of a sender's word in each session they see; machine evidence for a student. */
async function reachableSessions(
  em: Em,
  scope: SyncScope,
  items: readonly SyncItem[],
): Promise<Map<Id, number | null>> {
  const found = await rows<{ id: Id; teaches: boolean; may_mark: boolean }>(
    em,
    `select s.id, (${scope.mark.sql}) as may_mark, exists (
       select 1 from teaching_assignment ta where ta.faculty_id = ?::uuid
         and (ta.session_id = s.id or ta.course_section_id in (
           select x.course_section_id from session_section x where x.session_id = s.id))
         and ta.valid_from <= s.scheduled_date
         and (ta.valid_to is null or ta.valid_to > s.scheduled_date)) as teaches
     from attendance_session s where s.id = any(?::uuid[]) and (${scope.view.sql})`,
    [
      ...scope.mark.parameters,
      scope.facultyId,
      [...new Set(items.map((item) => item.sessionId))],
      ...scope.view.parameters,
    ],
  );
  return new Map(
    found.map((row) => {
      if (row.teaches) return [row.id, RANK.faculty];
      return [row.id, row.may_mark ? RANK.override : null];
    }),
  );
}

function timeOf(request: SyncRequest, item: SyncItem, receivedMs: number): JudgedTime {
  return judgeCapture({
    receivedMs,
    sentMs: Date.parse(request.sentAt),
    sentMonoMs: request.sentMonoMs,
    bootId: request.bootId,
    capturedMs: Date.parse(item.capturedAt),
    capturedMonoMs: item.capturedMonoMs,
    capturedBootId: item.bootId,
  });
}

/** What the codes that a student's phone kept are worth. */
async function readScans(
  em: Em,
  { studentId }: SyncScope,
  captures: readonly { readonly item: SyncItem; readonly time: JudgedTime }[],
  codesOf: CodesOf,
): Promise<Map<Id, SavedScan>> {
  const scans = new Map<Id, SavedScan>();
  if (studentId === null) return scans;
  const codes = await codesOf();
  const rules = await readCodeRules(
    em,
    captures.map(({ item }) => item.sessionId),
  );
  for (const { item, time } of captures) {
    const own = rules.get(item.sessionId);
    const { qr_code: code } = item.evidence;
    if (!own || code === undefined) continue;
    scans.set(item.opId, judgeSavedScan(codes, item.sessionId, own, code, time));
  }
  return scans;
}

/** What was found out about a claim before it becomes a draft. */
interface Findings {
  readonly time: JudgedTime;
  readonly staffRank: number | null;
  readonly binding: BindingAt;
  /** The saved code of a student's scan; null where there is none. */
  readonly scan: SavedScan | null;
}

function draftOf(
  request: SyncRequest,
  scope: SyncScope,
  item: SyncItem,
  { time, staffRank, binding, scan }: Findings,
): OperationDraft {
  const isStudent = scope.studentId !== null;
  const refusal = isStudent
    ? (studentRefusal(scope, item) ?? scan?.refusal ?? null)
    : staffRefusal(staffRank, item);
  const unknownDevice = binding === 'nobody' ? UNKNOWN_DEVICE : null;
  const flags = binding === 'another' ? [...time.flags, 'foreign_device'] : [...time.flags];
  return {
    opId: item.opId,
    studentId: item.studentId,
    mark: item.mark,
    rank: isStudent ? RANK.offlineQr : (staffRank ?? RANK.faculty),
    source: isStudent ? 'qr' : 'manual',
    captureMode: 'offline',
    effAt: new Date(scan?.effAtMs ?? time.effAtMs).toISOString(),
    capturedAt: item.capturedAt,
    clockTrust: time.trust,
    baseOpId: item.baseOpId,
    acks: item.acks,
    flags,
    deviceKeyId: unknownDevice ? null : (item.evidence.device_key_id ?? request.deviceKeyId),
    clientId: request.clientId,
    evidence: evidenceOf(item.evidence, scan),
    ...(hasEvidence(item.evidence) ? { claimed: claimedOf(item.evidence) } : {}),
    notes: item.notes,
    keepsRefusal: true,
    draftsAfterLock: true,
    verdict: verdictOf(refusal ?? unknownDevice, time),
  };
}

const hasEvidence = (evidence: SyncEvidence): boolean =>
  Object.keys(claimedOf(evidence)).length > 0;

/** What the phone sent, for telling a repeat from a misuse of its id. */
function claimedOf({ qr_code, device_key_id, fallback }: SyncEvidence): Record<string, string> {
  return {
    ...(qr_code === undefined ? {} : { qr_code }),
    ...(device_key_id === undefined ? {} : { device_key_id }),
    ...(fallback === undefined ? {} : { fallback }),
  };
}

/** What is kept of it: the step a code proves, never the code itself. */
function evidenceOf(
  { device_key_id, fallback }: SyncEvidence,
  scan: SavedScan | null,
): Record<string, string | number> | null {
  const evidence = {
    ...(scan && scan.refusal === null ? { via: 'qr', step: scan.step } : {}),
    ...(device_key_id === undefined ? {} : { device_key_id }),
    ...(fallback === undefined ? {} : { fallback }),
  };
  return Object.keys(evidence).length === 0 ? null : evidence;
}

/** A student's app sends that student's scans and nothing else. */
function studentRefusal(scope: SyncScope, item: SyncItem): Refusal | null {
  if (item.studentId !== scope.studentId) {
    return { code: 'student_not_accepted', detail: 'You can send claims about yourself only.' };
  }
  if (item.evidence.fallback !== undefined) {
    return {
      code: 'kind_not_allowed',
      detail: 'evidence.fallback is chosen by the staff of the class; send the scanned code alone.',
    };
  }
  if (item.evidence.qr_code === undefined) {
    return { code: 'kind_not_allowed', detail: 'A student can send scanned codes only.' };
  }
  return null;
}

function staffRefusal(staffRank: number | null, item: SyncItem): Refusal | null {
  if (staffRank === null) {
    return { code: 'not_staff', detail: 'Only the staff of this class may mark it.' };
  }
  if (staffRank === RANK.override && item.notes === null) {
    return {
      code: 'reason_required',
      detail: 'An override of the staff of a class needs notes that say why.',
    };
  }
  return fallbackRefusal({ mark: item.mark, fallback: item.evidence.fallback });
}

const UNKNOWN_DEVICE: Refusal = {
  code: 'device_key_unknown',
  detail: 'The device was not registered when this was captured.',
};

function verdictOf(refusal: Refusal | null, time: JudgedTime): DraftVerdict | null {
  if (refusal) return { outcome: 'rejected', ...refusal };
  if (time.review === 'future_time') {
    return {
      outcome: 'review',
      code: 'future_time',
      detail: 'The capture lies in the future; the time of the device is wrong.',
    };
  }
  if (time.review === 'clock_untrusted') {
    return {
      outcome: 'review',
      code: 'clock_untrusted',
      detail: 'The clock of the device is more than 15 minutes off.',
    };
  }
  return null;
}

async function takeSession(
  operation: Operation,
  sessionId: Id,
  drafts: readonly OperationDraft[],
  onFault: (error: unknown) => void,
): Promise<OperationResult[]> {
  try {
    return await withRetries(() =>
      operation.em.fork().transactional(async (em) => {
        await beginMarks(em);
        return applyOperations({ ...operation, em }, em, sessionId, drafts);
      }),
    );
  } catch (error) {
    const isExpected = error instanceof AppError && error.code === 'try_again';
    if (!isExpected) onFault(error);
    return drafts.map(retryResult);
  }
}

/** Nothing was stored; the device sends it again later. */
function retryResult(draft: Pick<OperationDraft, 'opId' | 'studentId'>): OperationResult {
  return {
    ...rejectedResult(draft, { code: 'try_again', detail: 'Send it again in a moment.' }),
    status: 'retry',
  };
}

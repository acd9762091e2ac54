/**
 * One engine for every approval: waits for a decision by Update or signal, reminds and escalates by
 * its ladder, and expires; no case is ever approved by silence (temporal.md sections 7 and 8).
 */
import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setHandler,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow';
import {
  readDecision,
  readTransition,
  readWithdrawal,
  type MessageRefusal,
  type Read,
} from '../domain/messages.ts';
import { admit } from '../domain/requests/admit.ts';
import type { DecisionChannel } from '../domain/types.ts';
import { notices, reads, thrownRefusal, writes } from './activity-proxies.ts';
import {
  caseStateQuery,
  decideSignal,
  decideUpdate,
  nudgeSignal,
  transitionUpdate,
  withdrawSignal,
  withdrawUpdate,
  type CaseInput,
  type CaseResult,
  type CaseView,
  type DecisionMessage,
  type LadderStep,
  type TransitionResult,
  type WithdrawMessage,
} from './contract.ts';
import { messageId, rememberRefusal, rememberResult } from './results.ts';
import { showCase, showCaseAttributes } from './show.ts';
import { versioned } from './versioned.ts';

/** A message waiting for its turn. `id` makes a repeat a no-op. */
type Pending =
  | {
      readonly act: 'decide';
      readonly id: string;
      readonly channel: DecisionChannel;
      readonly message: DecisionMessage;
    }
  | {
      readonly act: 'withdraw';
      readonly id: string;
      readonly channel: DecisionChannel;
      readonly message: WithdrawMessage;
    };

/** A reminder or escalation on its way. */
interface Notice {
  isDone: boolean;
  readonly scope: CancellationScope;
}

/** The run was cancelled before its row could be read. */
const NEVER_LOADED = {
  code: 'workflow_unavailable',
  detail: 'This run was cancelled; try again soon.',
} as const;

/** A case the database did not expire yet is asked again after this long. */
const RETRY_STEP_MS = 30_000;
/** A register that was not due by the database's clock is asked for again after this long. */
const RETRY_LOCK_MS = 1_000;

/** A leave application until it is decided, withdrawn or expired. */
export async function leaveApproval(input: CaseInput): Promise<CaseView> {
  return runCase(input, (next) => continueAsNew<typeof leaveApproval>(next));
}

/** A correction request until it is decided, withdrawn or expired. */
export async function correctionApproval(input: CaseInput): Promise<CaseView> {
  return runCase(input, (next) => continueAsNew<typeof correctionApproval>(next));
}

/** A student's own entry until it is decided, withdrawn or, at the lock of its class, expired. */
export async function selfEntryApproval(input: CaseInput): Promise<CaseView> {
  return runCase(input, (next) => continueAsNew<typeof selfEntryApproval>(next));
}

/** A case of the shared kind, today an unlock, until it is decided and its effect has run out. */
export async function caseApproval(input: CaseInput): Promise<CaseView> {
  return runCase(input, (next) => continueAsNew<typeof caseApproval>(next));
}

// It ends with the lock of its class, days later, on the code it began with.
setWorkflowOptions(versioned('PINNED'), selfEntryApproval);
// They wait for weeks and move to new code while open, so they change only behind `patched()`.
setWorkflowOptions(versioned('AUTO_UPGRADE'), leaveApproval);
setWorkflowOptions(versioned('AUTO_UPGRADE'), correctionApproval);
setWorkflowOptions(versioned('AUTO_UPGRADE'), caseApproval);

async function runCase(
  input: CaseInput,
  continueWith: (next: CaseInput) => Promise<never>,
): Promise<CaseView> {
  const { kind, caseId } = input;
  const inbox: Pending[] = [];
  const results = new Map(input.carried?.results ?? []);
  const refusals = [...(input.carried?.refusals ?? [])];
  let reminders = input.carried?.reminders ?? 0;
  let ladder: readonly LadderStep[] = [];
  let view: CaseView | undefined;
  let isNudged = false;
  let hasEnded = false;
  let handled = 0;
  let stepPausedUntilMs = 0;
  let notice: Notice | undefined;

  // All handlers are set before the first await: a message that arrives with the start is taken.
  setHandler(decideUpdate, (message) => submit(readDecisionFor(message)), {
    validator: (message) => refuseEarly(readDecisionFor(message)),
  });
  setHandler(withdrawUpdate, (message) => submit(readWithdrawalFor(message)), {
    validator: (message) => refuseEarly(readWithdrawalFor(message)),
  });
  setHandler(decideSignal, (message) => {
    accept(readDecisionFor(message), messageId(message, 'decisionId'));
  });
  setHandler(withdrawSignal, (message) => {
    accept(readWithdrawalFor(message), messageId(message, 'withdrawalId'));
  });
  setHandler(nudgeSignal, () => {
    isNudged = true;
  });
  if (kind === 'unlock') {
    setHandler(transitionUpdate, lockByHand, { validator: refuseOtherEdges });
  }
  setHandler(caseStateQuery, () => ({
    view,
    nextStepAt: view?.status === 'pending' ? nextStep(view).at : null,
    reminders,
    refusals,
  }));

  try {
    view = await reads.loadCase(kind, caseId);
    if (view.status === 'pending') ladder = await reads.ladderInstants(kind, caseId);
    show(undefined, view);
    while (view.status === 'pending') view = await step(view);
    if (kind === 'unlock' && view.status === 'approved') await lockAgain();
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await CancellationScope.nonCancellable(() => finish());
    throw error;
  }
  await finish();
  return view;

  /** Waits for what comes first: a message, a nudge or the ladder; then acts once. */
  async function step(current: CaseView): Promise<CaseView> {
    if (shouldContinueAsNew()) await continueInNewRun();
    const next = nextStep(current);
    const waitMs = Math.max(Date.parse(next.at), stepPausedUntilMs) - Date.now();
    if (waitMs > 0 && inbox.length === 0 && !isNudged) {
      const summary = `${next.kind} at ${next.at}`;
      await condition(() => inbox.length > 0 || isNudged, waitMs, { summary });
    }
    if (isNudged) return reload(current);
    const pending = inbox[0];
    if (pending) return apply(current, pending);
    return Date.now() >= Math.max(Date.parse(next.at), stepPausedUntilMs)
      ? takeStep(current, next)
      : current;
  }

  /** The next step of the ladder; after the last one, the expiry in the row. */
  function nextStep(current: CaseView): LadderStep {
    const planned = ladder[reminders];
    const isEarlier =
      planned !== undefined &&
      planned.kind !== 'expiry' &&
      Date.parse(planned.at) < Date.parse(current.expiresAt);
    return isEarlier ? planned : { at: current.expiresAt, kind: 'expiry', level: current.level };
  }

  async function takeStep(current: CaseView, next: LadderStep): Promise<CaseView> {
    if (next.kind === 'expiry') {
      const expired = await writes.expireCase(kind, caseId);
      if (expired.status === 'pending') stepPausedUntilMs = Date.now() + RETRY_STEP_MS;
      show(current, expired);
      return expired;
    }
    const sent = (notice ??= startNotice(next));
    await condition(() => sent.isDone || inbox.length > 0 || isNudged);
    if (!sent.isDone) return current; // A decision does not wait for a notice.
    notice = undefined;
    reminders += 1;
    return next.kind === 'escalation' ? reload(current) : shown(current);
  }

  /** Its own scope, so that a decision withdraws a notice that is still being tried. */
  function startNotice(next: LadderStep): Notice {
    const started: Notice = { isDone: false, scope: new CancellationScope() };
    void started.scope
      .run(() => notices().recordReminder(kind, caseId, next))
      .catch(giveUp)
      .finally(() => {
        started.isDone = true;
      });
    return started;
  }

  async function reload(current: CaseView): Promise<CaseView> {
    isNudged = false;
    stepPausedUntilMs = 0;
    const loaded = await reads.loadCase(kind, caseId);
    // Its ladder hangs on the close of its class, which a person may bring forward.
    if (kind === 'self_entry' && loaded.status === 'pending') {
      ladder = await reads.ladderInstants(kind, caseId);
    }
    show(current, loaded);
    return loaded;
  }

  async function apply(current: CaseView, pending: Pending): Promise<CaseView> {
    const refused = refusalOf(current, pending);
    const result = refused ? { view: current, refused } : await write(current, pending);
    inbox.shift();
    handled += 1;
    rememberResult(results, pending.id, result);
    if (result.refused && pending.channel === 'operator_signal') {
      rememberRefusal(refusals, result.refused.code, pending.id);
    }
    show(current, result.view);
    return result.view;
  }

  /** An activity under way is not abandoned when an operator cancels the run: it may have committed. */
  async function write(current: CaseView, pending: Pending): Promise<CaseResult> {
    const { channel } = pending;
    try {
      return await CancellationScope.nonCancellable(() =>
        pending.act === 'decide'
          ? writes.applyDecision(kind, caseId, { ...pending.message, channel })
          : writes.withdrawCase(kind, caseId, pending.message, channel),
      );
    } catch (error) {
      const refused = thrownRefusal(error);
      if (!refused) throw error;
      return { view: current, refused: { code: refused.code, detail: refused.detail } };
    }
  }

  function refusalOf(current: CaseView, pending: Pending): MessageRefusal | null {
    if (pending.act === 'decide') return admit(current, new Set(results.keys()), pending.message);
    if (current.status === 'pending') return null;
    return { code: 'already_decided', detail: `The request is ${current.status}.` };
  }

  function readDecisionFor(message: unknown): Read<Pending> {
    const read = readDecision(message);
    if (read.refused) return read;
    const { decisionId: id, channel = 'operator_update' } = read.message;
    return { refused: null, message: { act: 'decide', id, channel, message: read.message } };
  }

  function readWithdrawalFor(message: unknown): Read<Pending> {
    const read = readWithdrawal(message);
    if (read.refused) return read;
    const channel = messageId(message, 'channel') === 'api' ? 'api' : 'operator_update';
    const pending = { act: 'withdraw', id: read.message.withdrawalId, channel } as const;
    return { refused: null, message: { ...pending, message: read.message } };
  }

  /** Synchronous and read-only: a refusal here leaves no trace in the history. */
  function refuseEarly(read: Read<Pending>): void {
    if (read.refused) throw failure(read.refused);
    if (!view || results.has(read.message.id) || isWaiting(read.message.id)) return;
    const refused = refusalOf(view, read.message);
    if (refused) throw failure(refused);
  }

  /** The Update: someone waits for the verdict. A message id seen before gets its first result. */
  async function submit(read: Read<Pending>): Promise<CaseResult> {
    if (read.refused) throw failure(read.refused);
    const { id } = read.message;
    enqueue(read.message);
    await CancellationScope.nonCancellable(() => condition(() => results.has(id) || hasEnded));
    const result = results.get(id);
    if (!result) throw failure(NEVER_LOADED);
    if (result.refused) throw failure(result.refused);
    return result;
  }

  /** The signal: never throws, since a throwing signal handler fails the run. */
  function accept(read: Read<Pending>, id: string): void {
    const refused =
      read.refused ??
      (view && !results.has(read.message.id) ? refusalOf(view, read.message) : null);
    if (refused) {
      rememberRefusal(refusals, refused.code, id);
      if (view) show(view, view);
    } else if (!read.refused) {
      enqueue({ ...read.message, channel: 'operator_signal' });
    }
  }

  function isWaiting(id: string): boolean {
    return inbox.some((pending) => pending.id === id);
  }

  function enqueue(pending: Pending): void {
    if (results.has(pending.id) || isWaiting(pending.id)) return;
    inbox.push(pending);
    if (hasEnded) answerRest();
  }

  /** Messages that came too late get the final view as a refusal. */
  function answerRest(): void {
    for (const pending of inbox.splice(0)) {
      if (!view) continue;
      const detail = `The request is ${view.status}.`;
      rememberResult(results, pending.id, { view, refused: { code: 'already_decided', detail } });
    }
  }

  async function finish(): Promise<void> {
    hasEnded = true;
    notice?.scope.cancel();
    answerRest();
    await condition(allHandlersFinished);
    if (view) shown(view);
  }

  function show(before: CaseView | undefined, after: CaseView): void {
    if (before?.status !== after.status || before.level !== after.level) showCaseAttributes(after);
    shown(after);
  }

  function shown(current: CaseView): CaseView {
    showCase(current, current.status === 'pending' ? nextStep(current) : undefined, refusals);
    return current;
  }

  /** An approved unlock lasts until its register is locked again, by this timer or by a person. */
  async function lockAgain(): Promise<void> {
    hasEnded = true; // For decisions and withdrawals: nothing is left to decide.
    answerRest();
    let register = await reads.loadUnlockedRegister(caseId);
    while (!register.isLocked) {
      const waitMs = Date.parse(register.lockDueAt) - Date.now();
      if (waitMs <= 0) {
        register = await writes.relockSession(caseId);
        // The clock of the database may be behind ours.
        if (!register.isLocked) await condition(() => isNudged, RETRY_LOCK_MS);
      } else {
        const summary = `lock at ${register.lockDueAt}`;
        await condition(() => isNudged, waitMs, { summary });
      }
      if (!isNudged) continue;
      isNudged = false;
      register = await reads.loadUnlockedRegister(caseId);
    }
  }

  /** Only a lock: the run of the session has ended, and nothing else is open to its staff. */
  function refuseOtherEdges(message: unknown): void {
    const read = readTransition(message);
    if (read.refused) throw failure(read.refused);
    if (view?.status === 'approved' && read.message.edge === 'lock') return;
    throw failure({
      code: 'state_conflict',
      detail: 'A register that was unlocked takes marks and can be locked, nothing else.',
    });
  }

  /** The lock of a person before the time; who came first, the row decides. */
  async function lockByHand(message: unknown): Promise<TransitionResult> {
    const read = readTransition(message);
    if (read.refused) throw failure(read.refused);
    try {
      return await CancellationScope.nonCancellable(async () => {
        const { sessionId } = await reads.loadUnlockedRegister(caseId);
        const { epoch } = await reads.loadSession(sessionId);
        const command = { ...read.message, by: 'person' } as const;
        const result = await writes.applySessionTransition({ sessionId, epoch, command });
        isNudged = true;
        if (result.refused) throw failure(result.refused);
        return result;
      });
    } catch (error) {
      const refused = thrownRefusal(error);
      throw refused ? failure(refused) : error;
    }
  }

  function shouldContinueAsNew(): boolean {
    if (inbox.length > 0 || notice) return false;
    const limit = input.testContinueAsNewAfter;
    return workflowInfo().continueAsNewSuggested || (limit !== undefined && handled >= limit);
  }

  async function continueInNewRun(): Promise<void> {
    await condition(allHandlersFinished);
    if (inbox.length > 0 || isNudged) return; // Came while handlers finished; taken in this run.
    await continueWith({ ...input, carried: { results: [...results], refusals, reminders } });
  }
}

/** A notice that failed for a day, or that a decision withdrew, must not end the case. */
function giveUp(): void {}

function failure({ code, detail }: MessageRefusal): ApplicationFailure {
  return ApplicationFailure.nonRetryable(detail, code, code);
}

/**
 * The life of one class session: opens, closes and locks by durable timers, and takes the commands
 * of people one at a time. The row in PostgreSQL is the truth; this decides when (temporal.md
 * section 6).
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
import { readTransition } from '../domain/messages.ts';
import { dueEdge, edgeAllowed, isFinal, nextTransition } from '../domain/session/transitions.ts';
import { reads, thrownRefusal, writes } from './activity-proxies.ts';
import {
  nudgeSignal,
  sessionStateQuery,
  transitionSignal,
  transitionUpdate,
  type SessionInput,
  type SessionOutcome,
  type SessionView,
  type TransitionCommand,
  type TransitionResult,
} from './contract.ts';
import { messageId, rememberRefusal, rememberResult } from './results.ts';
import { showSession, showSessionAttributes } from './show.ts';
import { versioned } from './versioned.ts';

type Message = Omit<TransitionCommand, 'by'>;

/** A refused timer waits this long before it tries again, so that the loop is never hot. */
const REFUSED_TIMER_PAUSE_MS = 30_000;
/** The run was cancelled before its row could be read. */
const NEVER_LOADED = 'This run was cancelled; try again soon.';
const ENDED = 'The life of this session has ended.';

/** Runs until the session is locked, or cancelled with its start passed. */
export async function sessionLifecycle(input: SessionInput): Promise<SessionOutcome> {
  const inbox: TransitionCommand[] = [];
  const results = new Map(input.carried?.results ?? []);
  const refusals = [...(input.carried?.refusals ?? [])];
  let view: SessionView | undefined;
  let isNudged = false;
  let hasEnded = false;
  let handled = 0;
  let timerPausedUntilMs = 0;

  // All handlers are set before the first await: a message that arrives with the start is taken.
  setHandler(transitionUpdate, submit, { validator: refuseEarly });
  setHandler(transitionSignal, accept);
  setHandler(nudgeSignal, () => {
    isNudged = true;
  });
  setHandler(sessionStateQuery, () => view);

  try {
    view = await reads.loadSession(input.sessionId);
    show(undefined, view);
    while (!isFinal(view, Date.now())) view = await step(view);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await CancellationScope.nonCancellable(() => finish());
    throw error;
  }
  await finish();
  return { status: view.status, epoch: view.epoch };

  /** Waits for what comes first: a command, a nudge or the due time; then takes one edge. */
  async function step(current: SessionView): Promise<SessionView> {
    if (shouldContinueAsNew()) await continueInNewRun();
    const due = nextTransition(current);
    const waitMs = Math.max(Date.parse(due.at), timerPausedUntilMs) - Date.now();
    if (waitMs > 0 && inbox.length === 0 && !isNudged) {
      const summary = `${due.edge} at ${due.at}`;
      await condition(() => inbox.length > 0 || isNudged, waitMs, { summary });
    }
    if (isNudged) {
      isNudged = false;
      timerPausedUntilMs = 0;
      const loaded = await reads.loadSession(input.sessionId);
      show(current, loaded);
      return loaded;
    }
    const command = inbox[0] ?? timerCommand(current);
    return command ? apply(current, command) : current;
  }

  function timerCommand(current: SessionView): TransitionCommand | undefined {
    if (Date.now() < timerPausedUntilMs) return undefined;
    const edge = dueEdge(current, Date.now());
    if (!edge) return undefined;
    const id = `session/${current.id}:${edge}:${current.epoch}`;
    return { id, edge, by: 'timer', actorId: null, channel: 'workflow' };
  }

  async function apply(current: SessionView, command: TransitionCommand): Promise<SessionView> {
    const result = await writeTransition(current, command);
    if (command.by === 'person') {
      inbox.shift();
      handled += 1;
      rememberResult(results, command.id, result);
      if (result.refused && command.channel === 'operator_signal') {
        rememberRefusal(refusals, result.refused.code, command.id);
      }
    } else if (result.refused && result.view.epoch === current.epoch) {
      timerPausedUntilMs = Date.now() + REFUSED_TIMER_PAUSE_MS;
    }
    show(current, result.view);
    return result.view;
  }

  /** An activity under way is not abandoned when an operator cancels the run: it may have committed. */
  async function writeTransition(
    current: SessionView,
    command: TransitionCommand,
  ): Promise<TransitionResult> {
    const request = { sessionId: current.id, epoch: current.epoch, command };
    try {
      return await CancellationScope.nonCancellable(() => writes.applySessionTransition(request));
    } catch (error) {
      const refused = thrownRefusal(error);
      if (!refused || (refused.type === 'NotFound' && command.by === 'timer')) throw error;
      return { view: current, refused: { code: refused.code, detail: refused.detail } };
    }
  }

  function show(before: SessionView | undefined, after: SessionView): void {
    if (before?.status !== after.status || before.epoch !== after.epoch) {
      showSessionAttributes(after);
    }
    showSession(after, refusals);
  }

  /** Synchronous and read-only: a refusal here leaves no trace in the history. */
  function refuseEarly(message: Message): void {
    const read = readTransition(message);
    if (read.refused) throw failure(read.refused);
    const { id, edge } = read.message;
    if (!view || inbox.length > 0 || results.has(id)) return;
    if (isFinal(view, Date.now())) throw failure({ code: 'state_conflict', detail: ENDED });
    if (!edgeAllowed(view.status, edge)) {
      const detail = `A session that is ${view.status} does not take the edge ${edge}.`;
      throw failure({ code: 'state_conflict', detail });
    }
  }

  /** The Update: someone waits for the verdict. */
  async function submit(message: Message): Promise<TransitionResult> {
    const read = readTransition(message);
    if (read.refused) throw failure(read.refused);
    const command: TransitionCommand = { ...read.message, by: 'person' };
    enqueue(command);
    await CancellationScope.nonCancellable(() =>
      condition(() => results.has(command.id) || hasEnded),
    );
    const result = results.get(command.id);
    if (!result) throw failure({ code: 'workflow_unavailable', detail: NEVER_LOADED });
    if (result.refused) throw failure(result.refused);
    return result;
  }

  /** The signal: never throws, since a throwing signal handler fails the run. */
  function accept(message: Message): void {
    const read = readTransition(message);
    if (read.refused) return rememberRefusal(refusals, read.refused.code, messageId(message, 'id'));
    enqueue({ ...read.message, channel: 'operator_signal', by: 'person' });
  }

  function enqueue(command: TransitionCommand): void {
    if (results.has(command.id) || inbox.some((waiting) => waiting.id === command.id)) return;
    inbox.push(command);
    if (hasEnded) answerRest();
  }

  /** Commands that came too late get the final view as a refusal. */
  function answerRest(): void {
    for (const command of inbox.splice(0)) {
      if (!view) continue;
      const refused = { code: 'state_conflict', detail: ENDED };
      rememberResult(results, command.id, { view, refused });
    }
  }

  async function finish(): Promise<void> {
    hasEnded = true;
    answerRest();
    await condition(allHandlersFinished);
    if (view) showSession(view, refusals);
  }

  function shouldContinueAsNew(): boolean {
    if (inbox.length > 0) return false;
    const limit = input.testContinueAsNewAfter;
    return workflowInfo().continueAsNewSuggested || (limit !== undefined && handled >= limit);
  }

  async function continueInNewRun(): Promise<void> {
    await condition(allHandlersFinished);
    if (inbox.length > 0 || isNudged) return; // Came while handlers finished; taken in this run.
    await continueAsNew<typeof sessionLifecycle>({
      ...input,
      carried: { results: [...results], refusals },
    });
  }
}

function failure({ code, detail }: { code: string; detail: string }): ApplicationFailure {
  return ApplicationFailure.nonRetryable(detail, code, code);
}

// Pinned to the build that started it: a session ends within days, so old workers drain.
setWorkflowOptions(versioned('PINNED'), sessionLifecycle);

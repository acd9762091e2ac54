/** Approval cases in memory under the contract of the deciding transaction: idempotent, one at a time. */
import { randomUUID } from 'node:crypto';
import type { Activities } from '../src/activities/create-activities.ts';
import { admit } from '../src/domain/requests/admit.ts';
import type { CaseKind, DecisionChannel, Id, Instant } from '../src/domain/types.ts';
import {
  CASE_WORKFLOWS,
  caseStateQuery,
  caseWorkflowId,
  type CaseInput,
  type CaseResult,
  type CaseView,
  type DecisionMessage,
  type LadderStep,
  type SessionView,
  type TransitionResult,
  type UnlockedRegister,
  type WithdrawMessage,
} from '../src/workflows/contract.ts';
import type { WorkflowBench } from './temporal.ts';

const DAY_MS = 24 * 3_600_000;

type CaseWorkflow = (input: CaseInput) => Promise<CaseView>;

/** Starts a case's workflow as the relay does, and waits until a worker answered for it. */
export async function startCase(
  bench: WorkflowBench,
  input: CaseInput,
  options: { readonly workflowTaskTimeout?: '1s' } = {},
) {
  const workflowId = caseWorkflowId(input.kind, input.caseId);
  bench.track(workflowId);
  const handle = await bench.client.workflow.start<CaseWorkflow>(CASE_WORKFLOWS[input.kind], {
    workflowId,
    taskQueue: bench.coreQueue,
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [input],
    ...options,
  });
  await handle.query(caseStateQuery);
  return handle;
}

/** One decision or withdrawal that changed a row. */
export interface AppliedAct {
  readonly act: 'decide' | 'withdraw';
  readonly id: Id;
  readonly channel: DecisionChannel;
}

/** A step that was recorded, and when by the server's clock. */
export interface RecordedStep extends LadderStep {
  readonly recordedAtMs: number;
}

/** The rows, and what was done to them. */
export class MemoryCases {
  readonly rows = new Map<Id, CaseView>();
  readonly applied: AppliedAct[] = [];
  readonly steps: RecordedStep[] = [];
  readonly ladders = new Map<Id, readonly LadderStep[]>();
  /** Registers behind approved unlocks, and who locked them again, by case. */
  readonly registers = new Map<Id, UnlockedRegister>();
  readonly relocks: { readonly id: Id; readonly by: 'timer' | 'person'; readonly atMs: number }[] =
    [];
  /** How long an approval unlocks. */
  unlockedMs = 2 * 3_600_000;
  expiries = 0;
  readonly #nowMs: () => Promise<number>;

  constructor(nowMs: () => Promise<number>) {
    this.#nowMs = nowMs;
  }

  /** Adds a pending case with reminders after 1 and 2 days, an escalation after 3, an end after 10. */
  async add(kind: CaseKind = 'leave', change: Partial<CaseView> = {}): Promise<CaseView> {
    const now = await this.#nowMs();
    const afterDays = (days: number): Instant => new Date(now + days * DAY_MS).toISOString();
    const view: CaseView = {
      kind,
      id: randomUUID(),
      status: 'pending',
      level: 1,
      submittedAt: afterDays(0),
      expiresAt: afterDays(10),
      applicantId: randomUUID(),
      subjectId: randomUUID(),
      label: '3 days, level 1',
      campusId: randomUUID(),
      departmentId: randomUUID(),
      ...change,
    };
    this.rows.set(view.id, view);
    this.ladders.set(view.id, [
      { at: afterDays(1), kind: 'reminder', level: 1 },
      { at: afterDays(2), kind: 'reminder', level: 1 },
      { at: afterDays(3), kind: 'escalation', level: 2 },
      { at: view.expiresAt, kind: 'expiry', level: 2 },
    ]);
    return view;
  }

  /** The row now. */
  get(id: Id): CaseView {
    const view = this.rows.get(id);
    if (!view) throw new Error('no such case');
    return view;
  }

  /** The activities over these rows. */
  get activities(): Pick<
    Activities,
    | 'loadCase'
    | 'ladderInstants'
    | 'applyDecision'
    | 'withdrawCase'
    | 'expireCase'
    | 'recordReminder'
    | 'loadUnlockedRegister'
    | 'relockSession'
  > {
    return {
      loadCase: (_kind, id) => Promise.resolve(this.get(id)),
      ladderInstants: (_kind, id) => Promise.resolve([...(this.ladders.get(id) ?? [])]),
      applyDecision: async (_kind, id, message) => {
        const result = this.#decide(id, message);
        if (result.view.kind === 'unlock') this.#unlock(result, await this.#nowMs());
        return result;
      },
      withdrawCase: (_kind, id, message, channel) =>
        Promise.resolve(this.#withdraw(id, message, channel)),
      expireCase: async (_kind, id) => this.#expire(id, await this.#nowMs()),
      recordReminder: async (_kind, id, step) => this.#record(id, step, await this.#nowMs()),
      loadUnlockedRegister: (id) => Promise.resolve(this.#register(id)),
      relockSession: async (id) => this.#relock(id, 'timer', await this.#nowMs()),
    };
  }

  /** The sessions behind approved unlocks: apart, since a bench may have sessions of its own. */
  get sessionActivities(): Pick<Activities, 'loadSession' | 'applySessionTransition'> {
    return {
      loadSession: (sessionId) => Promise.resolve(this.#session(sessionId)),
      applySessionTransition: async ({ sessionId }) => this.#lock(sessionId, await this.#nowMs()),
    };
  }

  #decide(id: Id, message: DecisionMessage): CaseResult {
    const view = this.get(id);
    if (this.#isKnown(message.decisionId)) return { view, refused: null };
    const refused = admit(view, new Set(), message);
    if (refused) return { view, refused };
    const { decisionId, verdict, channel = 'operator_update' } = message;
    return this.#change(view, verdict, { act: 'decide', id: decisionId, channel });
  }

  #withdraw(id: Id, message: WithdrawMessage, channel: DecisionChannel): CaseResult {
    const view = this.get(id);
    if (this.#isKnown(message.withdrawalId)) return { view, refused: null };
    if (message.actorId !== view.applicantId) {
      return { view, refused: { code: 'forbidden', detail: 'Only who filed it.' } };
    }
    return this.#change(view, 'withdrawn', { act: 'withdraw', id: message.withdrawalId, channel });
  }

  #change(view: CaseView, status: CaseView['status'], act: AppliedAct): CaseResult {
    const after = { ...view, status };
    this.rows.set(view.id, after);
    this.applied.push(act);
    return { view: after, refused: null };
  }

  #unlock({ view }: CaseResult, nowMs: number): void {
    if (view.status !== 'approved' || this.registers.has(view.id)) return;
    const lockDueAt = new Date(nowMs + this.unlockedMs).toISOString();
    this.registers.set(view.id, { sessionId: randomUUID(), lockDueAt, isLocked: false });
  }

  #register(id: Id): UnlockedRegister {
    const register = this.registers.get(id);
    // A row that was approved past the activities has its register locked again already.
    return register ?? { sessionId: id, lockDueAt: this.get(id).submittedAt, isLocked: true };
  }

  #relock(id: Id, by: 'timer' | 'person', atMs: number): UnlockedRegister {
    const register = this.#register(id);
    const isDue = by === 'person' || Date.parse(register.lockDueAt) <= atMs;
    if (register.isLocked || !isDue) return register;
    const locked = { ...register, isLocked: true };
    this.registers.set(id, locked);
    this.relocks.push({ id, by, atMs });
    return locked;
  }

  #unlockOf(sessionId: Id): [Id, UnlockedRegister] {
    const found = [...this.registers].find(([, register]) => register.sessionId === sessionId);
    if (!found) throw new Error('no such session');
    return found;
  }

  #session(sessionId: Id): SessionView {
    const [id, { isLocked, lockDueAt }] = this.#unlockOf(sessionId);
    const { submittedAt: at, campusId, departmentId } = this.get(id);
    return {
      id: sessionId,
      status: isLocked ? 'locked' : 'closed',
      epoch: 1,
      startAt: at,
      endAt: at,
      opensAt: at,
      closesAt: at,
      lockDueAt,
      autoOpen: true,
      label: 'CS101-A',
      campusId,
      departmentId,
      sectionId: randomUUID(),
    };
  }

  #lock(sessionId: Id, atMs: number): TransitionResult {
    const [id, { isLocked }] = this.#unlockOf(sessionId);
    if (isLocked) {
      const refused = { code: 'state_conflict', detail: 'It is locked.' };
      return { view: this.#session(sessionId), refused };
    }
    this.#relock(id, 'person', atMs);
    return { view: this.#session(sessionId), refused: null };
  }

  #isKnown(id: Id): boolean {
    return this.applied.some((act) => act.id === id);
  }

  #expire(id: Id, nowMs: number): CaseView {
    const view = this.get(id);
    if (view.status !== 'pending' || nowMs < Date.parse(view.expiresAt)) return view;
    this.expiries += 1;
    const after: CaseView = { ...view, status: 'expired' };
    this.rows.set(id, after);
    return after;
  }

  #record(id: Id, step: LadderStep, recordedAtMs: number): void {
    const view = this.get(id);
    if (view.status !== 'pending') return;
    this.steps.push({ ...step, recordedAtMs });
    if (step.kind === 'escalation') this.rows.set(id, { ...view, level: step.level });
  }
}

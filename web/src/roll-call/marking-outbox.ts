/** Marks on their way to the server: shown at once, sent in order, kept until an answer came. */
import type { MarkOperation } from '../api/records.ts';
import type { Fallback, MarkResult, RollMark } from '../api/types.ts';

/** What became of one mark: stored as evidence, refused for good, or to be sent again. */
export type Outcome =
  | { readonly kind: 'stored'; readonly operation: MarkOperation; readonly result: MarkResult }
  | {
      readonly kind: 'refused';
      readonly operation: MarkOperation;
      readonly code: string;
      readonly detail: string;
    }
  | { readonly kind: 'again'; readonly operation: MarkOperation };

/** Why marks wait: no answer at all, or answers that ask for patience. */
export type Trouble = 'offline' | 'slow';

/** A mark under way. */
export interface UnsentMark {
  readonly mark: RollMark;
  readonly fallback: Fallback | null;
}

/** The outbox as a screen shows it. */
export interface OutboxState {
  /** The newest unsent mark of each student. */
  readonly unsent: ReadonlyMap<string, UnsentMark>;
  readonly trouble: Trouble | null;
}

/** Where marks go to. */
export interface OutboxPorts {
  /** Sends marks of different students; one outcome each. Throws when no outcome is known. */
  readonly send: (operations: readonly MarkOperation[]) => Promise<readonly Outcome[]>;
  readonly settled: (outcomes: readonly Outcome[]) => void;
  /** Tells a failed attempt's kind, and how long to wait if the server said so. */
  readonly diagnose: (error: unknown) => { trouble: Trouble; waitMs: number | null };
  /** Keeps what is unsent, for the case that the page dies. */
  readonly save: (operations: readonly MarkOperation[]) => void;
}

/** The outbox of one session's page. */
export interface MarkingOutbox {
  state(): OutboxState;
  subscribe(listener: () => void): () => void;
  /** The operation a further mark of this student builds upon, if one is unsent. */
  newestOf(student: string): MarkOperation | undefined;
  add(operations: readonly MarkOperation[]): void;
  /** Starts or continues sending; also to try again now. */
  start(): void;
  /** Sends nothing further; an answer under way is still taken. */
  stop(): void;
}

/** Well below the API's 500, so that a bad network carries it. */
const BATCH_MAX = 100;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 15_000;
/** An answer that takes longer is worth a word on the screen. */
const SLOW_AFTER_MS = 4_000;

/**
 * Makes an outbox. One request is under way at a time, so that marks of a student cannot overtake
 * each other; those made meanwhile travel together in the next one.
 * @param restored  what an earlier page could not send; its outcome is unknown
 */
export function createMarkingOutbox(
  { send, settled, diagnose, save }: OutboxPorts,
  restored: readonly MarkOperation[] = [],
): MarkingOutbox {
  let queue: readonly MarkOperation[] = restored;
  // Once sent, an operation may be stored although no answer came: it must not be replaced.
  const tried = new Set(restored.map(({ op_id: id }) => id));
  const listeners = new Set<() => void>();
  let trouble: Trouble | null = null;
  let state: OutboxState = { unsent: unsentOf(queue), trouble };
  let isSending = false;
  let isStopped = true;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const become = (next: readonly MarkOperation[], nextTrouble: Trouble | null): void => {
    if (next !== queue) save(next);
    queue = next;
    trouble = nextTrouble;
    state = { unsent: unsentOf(queue), trouble };
    for (const listener of listeners) listener();
  };

  const sendNext = async (): Promise<void> => {
    const batch = firstOfEachStudent(queue).slice(0, BATCH_MAX);
    if (isStopped || isSending || batch.length === 0) return;
    clearTimeout(timer);
    isSending = true;
    for (const { op_id: id } of batch) tried.add(id);
    const patience = setTimeout(() => become(queue, trouble ?? 'slow'), SLOW_AFTER_MS);
    let waitMs = 0;
    try {
      const outcomes = await send(batch);
      const done = outcomes.filter(({ kind }) => kind !== 'again');
      const gone = new Set(done.map(({ operation }) => operation.op_id));
      failures = done.length === 0 ? failures + 1 : 0;
      waitMs = done.length === 0 ? delayOf(failures) : 0;
      // First the facts, then the end of what was shown in their place: nothing flickers.
      settled(done);
      become(
        queue.filter(({ op_id: id }) => !gone.has(id)),
        done.length === 0 ? 'slow' : null,
      );
    } catch (error) {
      failures += 1;
      const diagnosis = diagnose(error);
      waitMs = diagnosis.waitMs ?? delayOf(failures);
      become(queue, diagnosis.trouble);
    } finally {
      clearTimeout(patience);
      isSending = false;
    }
    if (isStopped || queue.length === 0) return;
    if (waitMs === 0) return sendNext();
    timer = setTimeout(() => void sendNext(), waitMs);
  };

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    newestOf: (student) => queue.findLast((operation) => operation.student === student),
    add(operations) {
      const students = new Set(operations.map(({ student }) => student));
      const kept = queue.filter(
        ({ op_id: id, student }) => tried.has(id) || !students.has(student),
      );
      become([...kept, ...operations], trouble);
      // While the network is away the next attempt is planned already.
      if (failures === 0) void sendNext();
    },
    start() {
      isStopped = false;
      void sendNext();
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

const delayOf = (failures: number): number =>
  Math.min(RETRY_FIRST_MS * 2 ** (failures - 1), RETRY_MAX_MS);

const unsentOf = (queue: readonly MarkOperation[]): ReadonlyMap<string, UnsentMark> =>
  new Map(
    queue.map(({ student, mark, fallback }) => [student, { mark, fallback: fallback ?? null }]),
  );

function firstOfEachStudent(queue: readonly MarkOperation[]): readonly MarkOperation[] {
  const seen = new Set<string>();
  return queue.filter(({ student }) => !seen.has(student) && seen.add(student));
}

/** Decides many self-entries at once, each through its own workflow, so that none blocks another. */
import { decidersAmong } from '../../db/queries/deciders.ts';
import { AppError, appError, isRetryable, type ErrorCode } from '../../domain/errors.ts';
import type { CaseStatus, Id, Verdict } from '../../domain/types.ts';
import { inParallel } from '../in-parallel.ts';
import type { Operation, WorkflowGateway } from '../ports.ts';
import { findCase } from './case-row.ts';
import { sendDecision } from './send-to-case.ts';

/** One verdict on many entries. */
export interface BulkVerdict {
  readonly ids: readonly Id[];
  readonly verdict: Verdict;
  readonly note: string | undefined;
  /** The decision's id for an entry; the same one again gets the first result. */
  readonly decisionIdOf: (entryId: Id) => Id;
}

/** What became of one entry: decided, refused for good, or to be sent again. */
export interface BulkDecision {
  readonly id: Id;
  readonly status: 'applied' | 'rejected' | 'retry';
  readonly code: ErrorCode | null;
  readonly detail: string | null;
  /** How the entry stands; null where the decider may not see it. */
  readonly entryStatus: CaseStatus | null;
}

const IN_FLIGHT = 20;

/**
 * Decides each entry in the name of the operation's actor. Results come in the order of the ids, one
 * for each; an id given twice is decided once.
 * @throws AppError `note_required` when a refusal says no reason
 */
export async function decideSelfEntries(
  operation: Operation,
  workflows: WorkflowGateway,
  bulk: BulkVerdict,
): Promise<BulkDecision[]> {
  if (bulk.verdict === 'rejected' && !bulk.note) {
    throw appError('note_required', 'Say in the note why the entries are refused.');
  }
  const decided = new Map<Id, BulkDecision>();
  let unavailable = 0;
  await inParallel([...new Set(bulk.ids)], IN_FLIGHT, async (id) => {
    // As many calls in a row without an answer mean a server that is away, not a slow entry.
    const decision =
      unavailable >= IN_FLIGHT ? notTried(id) : await decideOne(operation, workflows, bulk, id);
    unavailable = decision.code === 'workflow_unavailable' ? unavailable + 1 : 0;
    decided.set(id, decision);
  });
  return bulk.ids.flatMap((id) => decided.get(id) ?? []);
}

/** Its own entity manager: the lanes run side by side. */
async function decideOne(
  operation: Operation,
  workflows: WorkflowGateway,
  { verdict, note, decisionIdOf }: BulkVerdict,
  id: Id,
): Promise<BulkDecision> {
  const em = operation.em.fork();
  let isVisible = false;
  let failure: AppError | undefined;
  try {
    await requireAuthority(operation, id);
    isVisible = true;
    const decision = { decisionId: decisionIdOf(id), verdict, note };
    await sendDecision({ ...operation, em }, workflows, { kind: 'self_entry', id }, decision);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    failure = error;
  }
  const row = isVisible ? await findCase(em, 'self_entry', id) : undefined;
  return {
    id,
    status: failure ? (isRetryable(failure.code) ? 'retry' : 'rejected') : 'applied',
    code: failure?.code ?? null,
    detail: failure?.detail ?? null,
    entryStatus: row?.status ?? null,
  };
}

/** An entry of another class is as if absent (rule O2); the deciding transaction asks again. */
async function requireAuthority({ em, actor }: Operation, id: Id): Promise<void> {
  const people = actor.userId === null ? [] : [actor.userId];
  const deciders = await decidersAmong(em.fork(), 'self_entry', id, people);
  if (deciders.length > 0) return;
  throw appError('not_found', 'There is no such self-entry, or it does not concern you.');
}

function notTried(id: Id): BulkDecision {
  return {
    id,
    status: 'retry',
    code: 'workflow_unavailable',
    detail: 'Decisions are unavailable just now; send this one again.',
    entryStatus: null,
  };
}

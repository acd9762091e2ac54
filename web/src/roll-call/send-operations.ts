/** Sends marks, alone or together, and says of each what became of it. */
import type { ApiClient } from '../api/client.ts';
import { ApiProblem, isWorthRetrying, NoAnswer } from '../api/problem.ts';
import { sendMark, sendMarks, type MarkOperation } from '../api/records.ts';
import type { MarkResult } from '../api/types.ts';
import { uuidV7 } from '../shared/uuid-v7.ts';
import type { Outcome, Trouble } from './marking-outbox.ts';
import type { RefusalWords } from './use-refusal-words.ts';

/**
 * Sends marks of different students.
 * @throws what the API client throws, when sending the same again later may succeed
 */
export async function sendOperations(
  api: ApiClient,
  session: string,
  operations: readonly MarkOperation[],
  wordsOf: RefusalWords,
): Promise<readonly Outcome[]> {
  try {
    const results = await exchange(api, session, operations);
    return operations.map((operation, index) => outcomeOf(operation, results[index], wordsOf));
  } catch (error) {
    if (!(error instanceof ApiProblem) || isToBeTriedAgain(error)) throw error;
    const { code } = error;
    const detail = wordsOf(error);
    return operations.map((operation) => ({ kind: 'refused', operation, code, detail }));
  }
}

async function exchange(
  api: ApiClient,
  session: string,
  operations: readonly MarkOperation[],
): Promise<readonly MarkResult[]> {
  const [first, ...others] = operations;
  if (first === undefined) return [];
  if (others.length === 0) return [await sendMark(api, session, first)];
  // Each mark has its own id, so the key of the whole may be a new one at every attempt.
  return (await sendMarks(api, session, operations, uuidV7())).results;
}

function outcomeOf(
  operation: MarkOperation,
  result: MarkResult | undefined,
  wordsOf: RefusalWords,
): Outcome {
  if (result === undefined || result.status === 'retry') return { kind: 'again', operation };
  if (result.status === 'rejected' || result.record === null) {
    return {
      kind: 'refused',
      operation,
      code: result.code ?? 'unknown',
      detail: wordsOf(result),
    };
  }
  return { kind: 'stored', operation, result };
}

/** A dead sign-in says nothing about the mark: it waits for the next one. */
const isToBeTriedAgain = (error: ApiProblem): boolean =>
  isWorthRetrying(error) || error.status === 401;

/** What a failed attempt means for the next one. */
export function diagnoseSending(error: unknown): { trouble: Trouble; waitMs: number | null } {
  return {
    trouble: error instanceof NoAnswer ? 'offline' : 'slow',
    waitMs: error instanceof ApiProblem ? error.retryAfterMs : null,
  };
}

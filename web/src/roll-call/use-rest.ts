/** Marks everyone without a mark as present, in one request. */
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { markRest } from '../api/records.ts';
import type { MarkResult } from '../api/types.ts';
import { useApp } from '../app-context.ts';
import { notifyFailed } from '../shared/notify.ts';
import { useFailureText } from '../shared/states.tsx';
import { useIdempotencyKey } from '../shared/use-idempotency-key.ts';
import type { Marking } from './marking.ts';
import type { Outcome } from './marking-outbox.ts';
import { useRefusalWords, type RefusalWords } from './use-refusal-words.ts';

/** Students without a mark, and their claims that wait. */
export interface TheRest {
  readonly students: readonly string[];
  readonly acks: readonly string[];
}

/**
 * The command. The server decides who has no mark when it arrives, so that a scan of the same
 * moment is not written over; `students` only tells one press of the button from the next. Claims
 * that wait are answered with it.
 */
export function useRest(session: string, marking: Marking) {
  const { t } = useTranslation();
  const { api } = useApp();
  const failureText = useFailureText();
  const wordsOf = useRefusalWords(session);
  const keyOf = useIdempotencyKey();
  const command = useMutation({
    mutationFn: ({ students, acks }: TheRest) =>
      markRest(api, session, { mark: 'present', acks }, keyOf([session, students, acks])),
    onSuccess: ({ results }, { acks }) =>
      marking.settle(results.map((result) => outcomeOf(result, acks, wordsOf))),
    onError: (error) => notifyFailed(t('rollCall.restFailed'), failureText(error)),
  });
  return { markRest: command.mutate, isPending: command.isPending };
}

function outcomeOf(result: MarkResult, acks: readonly string[], wordsOf: RefusalWords): Outcome {
  const operation = {
    op_id: result.op_id,
    student: result.student,
    mark: 'present',
    acks,
  } as const;
  return result.record === null
    ? { kind: 'refused', operation, code: result.code ?? 'unknown', detail: wordsOf(result) }
    : { kind: 'stored', operation, result };
}

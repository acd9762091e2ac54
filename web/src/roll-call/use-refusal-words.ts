/** The words for refused marks, with times in the zone of their class. */
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ApiProblem } from '../api/problem.ts';
import { queryKeys } from '../api/query-keys.ts';
import type { MarkResult, Session } from '../api/types.ts';
import { refusalWords, refusedOf } from '../shared/refusal-words.ts';
import { browserZone } from '../shared/times.ts';

/** Says why a request or one of its marks was refused. */
export type RefusalWords = (refused: ApiProblem | MarkResult) => string;

/** The words of one session. */
export function useRefusalWords(session: string): RefusalWords {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return (refused) => {
    const held = queryClient.getQueryData<Session>(queryKeys.session(session));
    const zone = held?.timezone ?? browserZone();
    return refusalWords(t, refused instanceof ApiProblem ? refused : refusedOf(refused), zone);
  };
}

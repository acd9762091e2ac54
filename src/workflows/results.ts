/** The memory of a run: results by message id, and the signals it refused; both bounded. */
import { REMEMBERED_REFUSALS, REMEMBERED_RESULTS, type Refusal } from './contract.ts';

/** Keeps a result under its message id and forgets the oldest beyond the limit. */
export function rememberResult<T>(results: Map<string, T>, id: string, result: T): void {
  results.set(id, result);
  const oldest = results.keys().next();
  if (results.size > REMEMBERED_RESULTS && !oldest.done) results.delete(oldest.value);
}

/** Keeps a refused signal; `id` is cut, because an operator may have typed anything. */
export function rememberRefusal(refusals: Refusal[], code: string, id: string): void {
  refusals.push({ at: new Date().toISOString(), code, decisionId: id.slice(0, 64) });
  if (refusals.length > REMEMBERED_REFUSALS) refusals.shift();
}

/** The id a malformed message carries, for its refusal. */
export function messageId(message: unknown, name: string): string {
  if (message === null || typeof message !== 'object') return '';
  const id: unknown = Reflect.get(message, name);
  return typeof id === 'string' ? id : '';
}

/** Headers that a request cannot do without: the operation's id and the version it was made from. */
import { appError } from '../domain/errors.ts';
import type { Id } from '../domain/types.ts';
import { newOpField } from './fields.ts';

/** The Idempotency-Key where it is the operation's id and therefore a UUIDv7. */
export function operationId(key: string | undefined): Id {
  const parsed = newOpField.safeParse(key);
  if (parsed.success) return parsed.data;
  const detail = 'Send an Idempotency-Key header that is a UUID (version 7), fresh for each mark.';
  throw appError('idempotency_key_required', detail, {
    errors: [{ path: 'Idempotency-Key', code: 'uuid_expected', detail }],
  });
}

/** The version in If-Match. @throws AppError `precondition_required` */
export function requireVersion(ifMatch: number | undefined): number {
  if (ifMatch !== undefined) return ifMatch;
  const detail = 'Send the version you read in an If-Match header, for example If-Match: "3".';
  throw appError('precondition_required', detail, {
    errors: [{ path: 'If-Match', code: 'missing', detail }],
  });
}

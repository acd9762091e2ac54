/** Refused fields in words: which field, which stable code, and what to send instead. */
import type { z } from 'zod';
import { appError, type AppError, type FieldError } from '../../domain/errors.ts';

/** How many refused fields one answer lists. */
const LISTED_MAX = 50;

/** The error of a failed validation, one entry per refused field. */
export function validationError(error: z.ZodError, value: unknown): AppError {
  const errors = error.issues.flatMap((issue) => fieldErrors(issue, value)).slice(0, LISTED_MAX);
  const first = errors[0];
  const detail = first
    ? `${first.path || 'The body'}: ${first.detail}`
    : 'Some fields are not acceptable.';
  return appError('validation_failed', detail, { errors });
}

type Issue = z.core.$ZodIssue;

function fieldErrors(issue: Issue, value: unknown): FieldError[] {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: path ? `${path}.${key}` : key,
      code: 'unknown_field',
      detail: 'This field does not exist here; leave it out.',
    }));
  }
  if (isAbsent(value, issue.path)) {
    return [{ path, code: 'missing', detail: 'This field is required.' }];
  }
  return [{ path, code: CODES[issue.code] ?? 'not_acceptable', detail: sentence(issue.message) }];
}

const CODES: Readonly<Partial<Record<string, string>>> = {
  invalid_type: 'wrong_type',
  invalid_value: 'not_in_list',
  invalid_format: 'wrong_format',
  too_small: 'too_small',
  too_big: 'too_big',
  not_multiple_of: 'not_multiple',
  invalid_union: 'not_acceptable',
  custom: 'not_acceptable',
};

function isAbsent(value: unknown, path: readonly PropertyKey[]): boolean {
  if (path.length === 0) return false;
  let current = value;
  for (const key of path) {
    if (current === null || typeof current !== 'object') return false;
    current = Reflect.get(current, key);
  }
  return current === undefined;
}

const sentence = (message: string): string => (message.endsWith('.') ? message : `${message}.`);

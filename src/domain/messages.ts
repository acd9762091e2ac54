/**
 * Reads messages that reach a workflow from outside: an operator may type anything, and a message
 * that no activity could store must be refused before it is taken (temporal.md section 7).
 */
import type { DecisionMessage, WithdrawMessage } from './requests/case.ts';
import type { TransitionCommand } from './session/view.ts';
import { SESSION_EDGES, VERDICTS, type Instant } from './types.ts';

/** Why a message or command is refused: a stable code and one sentence. */
export interface MessageRefusal {
  readonly code: string;
  readonly detail: string;
}

/** A message that can be acted on, or why not. */
export type Read<T> =
  | { readonly message: T; readonly refused: null }
  | { readonly refused: MessageRefusal };

const SIZE_MAX = 4_096;
const LINE_MAX = 500;
const ID_MAX = 100;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)$/;

/** Reads a lifecycle command; the channel is set by the handler that received it. */
export function readTransition(value: unknown): Read<Omit<TransitionCommand, 'by'>> {
  const fields = fieldsOf(value);
  if (!fields) return refuse('Send an object of at most 4 KB.');
  const edge = SESSION_EDGES.find((known) => known === fields['edge']);
  if (!edge) return refuse(`Name an edge: ${SESSION_EDGES.join(', ')}.`);
  if (!isText(fields['id'], ID_MAX)) return refuse('Give the command an id of its own.');
  if (!isUuid(fields['actorId'])) return refuse('Name the acting account in actorId.');
  for (const name of ['startAt', 'endAt'] as const) {
    const given = fields[name];
    if (given !== undefined && !isInstant(given)) {
      return refuse(`${name} is an instant such as 2026-11-24T03:30:00Z.`);
    }
  }
  const problem = lineProblem(fields, 'reason') ?? uuidProblem(fields, 'roomId');
  if (problem) return refuse(problem);
  return {
    refused: null,
    message: {
      id: fields['id'],
      edge,
      actorId: fields['actorId'],
      channel: fields['channel'] === 'api' ? 'api' : 'operator_update',
      ...instantOf(fields, 'startAt'),
      ...instantOf(fields, 'endAt'),
      ...textOf(fields, 'roomId'),
      ...textOf(fields, 'reason'),
      ...textOf(fields, 'requestId'),
    },
  };
}

/** Reads a decision; the channel is set by the handler that received it. */
export function readDecision(value: unknown): Read<DecisionMessage> {
  const fields = fieldsOf(value);
  if (!fields) return refuse('Send an object of at most 4 KB.');
  if (!isUuid(fields['decisionId'])) return refuse('Give decisionId, a UUID of your own.');
  const verdict = VERDICTS.find((known) => known === fields['verdict']);
  if (!verdict) return refuse(`verdict is ${VERDICTS.join(' or ')}.`);
  if (!isUuid(fields['deciderId'])) return refuse('Name the deciding account in deciderId.');
  const problem = lineProblem(fields, 'note');
  if (problem) return refuse(problem);
  return {
    refused: null,
    message: {
      decisionId: fields['decisionId'].toLowerCase(),
      verdict,
      deciderId: fields['deciderId'].toLowerCase(),
      channel: fields['channel'] === 'api' ? 'api' : 'operator_update',
      ...textOf(fields, 'note'),
      ...textOf(fields, 'requestId'),
    },
  };
}

/** Reads a withdrawal. */
export function readWithdrawal(value: unknown): Read<WithdrawMessage> {
  const fields = fieldsOf(value);
  if (!fields) return refuse('Send an object of at most 4 KB.');
  if (!isUuid(fields['withdrawalId'])) return refuse('Give withdrawalId, a UUID of your own.');
  if (!isUuid(fields['actorId'])) return refuse('Name the acting account in actorId.');
  return {
    refused: null,
    message: {
      withdrawalId: fields['withdrawalId'].toLowerCase(),
      actorId: fields['actorId'].toLowerCase(),
      ...textOf(fields, 'requestId'),
    },
  };
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  return JSON.stringify(value).length <= SIZE_MAX ? (value as Fields) : undefined;
}

function refuse(detail: string): { readonly refused: MessageRefusal } {
  return { refused: { code: 'validation_failed', detail } };
}

const isText = (value: unknown, longest: number): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= longest;
const isUuid = (value: unknown): value is string => typeof value === 'string' && UUID.test(value);
const isInstant = (value: unknown): value is string =>
  typeof value === 'string' && INSTANT.test(value) && !Number.isNaN(Date.parse(value));

function lineProblem(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || (typeof value === 'string' && value.length <= LINE_MAX))
    return undefined;
  return `${name} is one line of at most ${LINE_MAX} characters.`;
}

function uuidProblem(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return value === undefined || isUuid(value) ? undefined : `${name} is a UUID.`;
}

function textOf<N extends string>(fields: Fields, name: N): { [key in N]?: string } {
  const value = fields[name];
  return (isText(value, LINE_MAX) ? { [name]: value } : {}) as { [key in N]?: string };
}

function instantOf<N extends string>(fields: Fields, name: N): { [key in N]?: Instant } {
  const value = fields[name];
  return (isInstant(value) ? { [name]: new Date(value).toISOString() } : {}) as {
    [key in N]?: Instant;
  };
}

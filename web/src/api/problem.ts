/** Failures of a request as screens need them: refused by the API, or never answered. */

/** One refused field. */
export interface FieldProblem {
  readonly path: string;
  readonly code: string;
  readonly detail: string;
}

/** Members of problems that are instants. */
const TIMES = ['opens_at', 'closes_at', 'lock_due_at', 'closed_at'] as const;

/** A refusal by the API, read from its `application/problem+json`. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly FieldProblem[];
  readonly requestId: string | null;
  readonly retryAfterMs: number | null;
  readonly #members: Readonly<Record<string, unknown>>;

  constructor(status: number, body: unknown, retryAfterMs: number | null = null) {
    const members = isObject(body) ? body : {};
    const detail = textOf(members['detail']) ?? textOf(members['title']) ?? `HTTP ${status}`;
    super(detail);
    this.name = 'ApiProblem';
    this.status = status;
    this.code = textOf(members['code']) ?? 'unknown';
    this.detail = detail;
    this.errors = fieldProblems(members['errors']);
    this.requestId = textOf(members['request_id']);
    this.retryAfterMs = retryAfterMs;
    this.#members = members;
  }

  /** An instant that the problem carries as a member of its own, or null. */
  instantOf(member: string): string | null {
    const text = textOf(this.#members[member]);
    return text === null || Number.isNaN(Date.parse(text)) ? null : text;
  }

  /** It carries instants, to be said in the zone of the reader. */
  get namesTimes(): boolean {
    return TIMES.some((member) => this.instantOf(member) !== null);
  }

  /** Sending the very same request again may succeed. */
  get isRetryable(): boolean {
    return this.status >= 500 || this.status === 429 || this.code === 'in_progress';
  }
}

/** No answer came: the network is away, or it took too long. The outcome is unknown. */
export class NoAnswer extends Error {
  constructor(cause: unknown) {
    super('The server did not answer', { cause });
    this.name = 'NoAnswer';
  }
}

/** Says whether the same request, with the same key, should be sent again later. */
export function isWorthRetrying(error: unknown): boolean {
  return error instanceof NoAnswer || (error instanceof ApiProblem && error.isRetryable);
}

/** Refused fields by path, for forms; the first refusal of a field wins. */
export function fieldMessages(error: unknown): Readonly<Record<string, string>> {
  if (!(error instanceof ApiProblem)) return {};
  const messages: Record<string, string> = {};
  for (const { path, detail } of error.errors) messages[path] ??= detail;
  return messages;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null;

function fieldProblems(value: unknown): FieldProblem[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isObject).map((item) => ({
    path: textOf(item['path']) ?? '',
    code: textOf(item['code']) ?? '',
    detail: textOf(item['detail']) ?? '',
  }));
}

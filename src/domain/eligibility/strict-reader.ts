/** A small strict reader of JSON: every key must be known, every problem is named by its path. */

/** What is wrong at one place of the data. */
export interface Problem {
  /** Path as in `require[0].min`. */
  readonly path: string;
  /** `unknown_key`, `missing`, or what was expected, for example `whole_number`. */
  readonly code: string;
}

/** Reads a value at a path, adding to `problems` what it does not accept. */
export type Reader<T> = (value: unknown, path: string, problems: Problem[]) => T;

/** One of the texts allowed. */
export function oneOf<T extends string>(allowed: readonly T[]): Reader<T> {
  return (value, path, problems) => {
    const found = allowed.find((candidate) => candidate === value);
    if (found === undefined) problems.push({ path, code: `one_of:${allowed.join(',')}` });
    return found ?? (allowed[0] as T);
  };
}

/** A text that is not empty. */
export const text: Reader<string> = (value, path, problems) => {
  if (typeof value === 'string' && value.trim() !== '') return value;
  problems.push({ path, code: 'text' });
  return '';
};

/** True or false. */
export const flag: Reader<boolean> = (value, path, problems) => {
  if (typeof value !== 'boolean') problems.push({ path, code: 'true_or_false' });
  return value === true;
};

/** A whole number within bounds. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): Reader<number> {
  return (value, path, problems) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most)
      return value;
    problems.push({ path, code: 'whole_number' });
    return least;
  };
}

/** Null, or what another reader reads. */
export function nullOr<T>(read: Reader<T>): Reader<T | null> {
  return (value, path, problems) => (value === null ? null : read(value, path, problems));
}

/** A list with at least `least` members. */
export function listOf<T>(read: Reader<T>, least = 0): Reader<readonly T[]> {
  return (value, path, problems) => {
    if (!Array.isArray(value) || value.length < least) {
      problems.push({ path, code: least > 0 ? 'filled_list' : 'list' });
      return [];
    }
    return value.map((item: unknown, index) => read(item, `${path}[${index}]`, problems));
  };
}

/** Any JSON object, kept as it is for those who understand it. */
export const anyObject: Reader<Readonly<Record<string, unknown>>> = (value, path, problems) => {
  if (isObject(value)) return value;
  problems.push({ path, code: 'object' });
  return {};
};

/** How one key of an object is read; without a default it must be there. */
export interface Field<T> {
  readonly key: string;
  readonly read: Reader<T>;
  readonly fallback?: T;
}

/** An object with exactly the given keys; those with a default may be left out. */
export function objectOf<T extends object>(fields: {
  readonly [K in keyof T]: Field<T[K]>;
}): Reader<T> {
  const entries = Object.entries<Field<unknown>>(fields);
  const known = new Set(entries.map(([, { key }]) => key));
  return (value, path, problems) => {
    if (!isObject(value)) problems.push({ path, code: 'object' });
    const source = isObject(value) ? value : {};
    const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
    for (const key of Object.keys(source)) {
      if (!known.has(key)) problems.push({ path: at(key), code: 'unknown_key' });
    }
    const read = entries.map(([name, field]): [string, unknown] => {
      if (Object.hasOwn(source, field.key))
        return [name, field.read(source[field.key], at(field.key), problems)];
      if (!('fallback' in field)) problems.push({ path: at(field.key), code: 'missing' });
      return [name, field.fallback];
    });
    return Object.fromEntries(read) as T;
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

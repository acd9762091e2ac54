/** A map that forgets: entries expire, and the oldest leave when it is full. */

/** Limits of a cache: how long an entry lives at most, and how many there are at most. */
export interface CacheLimits {
  readonly lifeMs: number;
  readonly entriesMax: number;
}

/** Keeps values for a while; `now` is process time in milliseconds, given by the caller. */
export interface BoundedCache<V> {
  get(key: string, now: number): V | undefined;
  /** Keeps a value until `lifeMs` from now, or `until` when that is earlier. */
  set(key: string, value: V, now: number, until?: number): void;
  delete(key: string): void;
  clear(): void;
  readonly size: number;
}

/** Makes an empty cache. */
export function boundedCache<V>({ lifeMs, entriesMax }: CacheLimits): BoundedCache<V> {
  const entries = new Map<string, { readonly value: V; readonly until: number }>();
  return {
    get(key, now) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (entry.until > now) return entry.value;
      entries.delete(key);
      return undefined;
    },
    set(key, value, now, until = Number.POSITIVE_INFINITY) {
      entries.delete(key);
      const oldest = entries.size >= entriesMax ? entries.keys().next().value : undefined;
      if (oldest !== undefined) entries.delete(oldest);
      entries.set(key, { value, until: Math.min(until, now + lifeMs) });
    },
    delete: (key) => void entries.delete(key),
    clear: () => entries.clear(),
    get size() {
      return entries.size;
    },
  };
}

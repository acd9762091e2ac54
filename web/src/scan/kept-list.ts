/**
 * A list in the storage of this browser, which all its pages change.
 *
 * Storage may be full. What a page could not write then, it lays over whatever is stored, until a
 * write succeeds: its own changes hold here, those of other pages are seen, and neither undo the
 * other when there is room again.
 */

/** One of a list. */
interface Kept {
  readonly op_id: string;
}

/** What could not be written of one. */
interface Unwritten<T> {
  /** Null where this page removed it. */
  readonly one: T | null;
  /** It was stored before: once it no longer is, another page removed it. */
  readonly wasStored: boolean;
}

/** The list of this page. */
export interface KeptList<T> {
  /** As it was last read. */
  readonly all: () => readonly T[];
  /** Reads what other pages wrote since. */
  refresh(): void;
  /** Adds one, or changes the one of that id. */
  put(one: T): void;
  remove(id: string): void;
  /** Tries again what could not be written. */
  flush(): void;
}

/** How a list is kept. */
export interface KeptListOptions<T> {
  /** Under which name. */
  readonly name: string;
  readonly isOne: (value: unknown) => value is T;
  /** The oldest go first. */
  readonly countMax?: number;
}

/** Reads a list. */
export function createKeptList<T extends Kept>(
  storage: Storage,
  { name, isOne, countMax = Infinity }: KeptListOptions<T>,
): KeptList<T> {
  const unwritten = new Map<string, Unwritten<T>>();
  const readStored = (): T[] => read(storage, name, isOne);
  let list = readStored();

  const overlaid = (stored: readonly T[]): T[] => {
    const known = stored.flatMap((one) => {
      const change = unwritten.get(one.op_id);
      return change === undefined ? [one] : (change.one ?? []);
    });
    const ids = new Set(stored.map(({ op_id: id }) => id));
    const added = [...unwritten].flatMap(([id, { one, wasStored }]) =>
      one === null || wasStored || ids.has(id) ? [] : [one],
    );
    return [...known, ...added].slice(-countMax);
  };
  const refresh = (): void => {
    list = overlaid(readStored());
  };
  const write = (): void => {
    refresh();
    try {
      storage.setItem(name, JSON.stringify(list));
      unwritten.clear();
    } catch {
      // Full or switched off: this page alone knows, and writes it with its next change.
    }
  };
  const change = (id: string, one: T | null): void => {
    const isStored = readStored().some(({ op_id: own }) => own === id);
    unwritten.set(id, { one, wasStored: isStored || unwritten.get(id)?.wasStored === true });
    write();
  };

  return {
    all: () => list,
    refresh,
    put: (one) => change(one.op_id, one),
    remove: (id) => change(id, null),
    flush() {
      if (unwritten.size > 0) write();
    },
  };
}

function read<T>(storage: Storage, name: string, isOne: (value: unknown) => value is T): T[] {
  try {
    const kept: unknown = JSON.parse(storage.getItem(name) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isOne) : [];
  } catch {
    // Something else wrote there; it is no scan.
    return [];
  }
}

/** The field sealer: one wrapped data key per subject, unwrapped keys cached briefly. */
import { randomBytes } from 'node:crypto';
import { boundedCache } from './bounded-cache.ts';
import {
  keyCommitment,
  matchesCommitment,
  openText,
  sealedKeyId,
  sealText,
  type FieldSealer,
} from './field-cipher.ts';
import type { KeyEncryption } from './keys.ts';

/** A data key as stored: wrapped, with the commitment that proves the unwrapped bytes. */
export interface WrappedDataKey {
  readonly id: string;
  readonly subject: string;
  readonly kekId: string;
  readonly wrapped: string;
  readonly commitment: string;
}

/** Where wrapped data keys live; built over the table `data_key`. */
export interface DataKeyStore {
  findBySubject(subject: string): Promise<WrappedDataKey | undefined>;
  findById(id: string): Promise<WrappedDataKey | undefined>;
  /** Inserts unless the subject has a key already. */
  insertIfAbsent(key: WrappedDataKey): Promise<void>;
}

interface OpenDataKey {
  readonly id: string;
  readonly key: Buffer;
}

/** trust.md section 7: unwrapped keys live 5 minutes, at most 10,000 of them. */
const CACHE = { lifeMs: 5 * 60_000, entriesMax: 10_000 };

/**
 * Makes the sealer.
 * @param ids  makes the ids of new data keys
 */
export function createSealer(
  store: DataKeyStore,
  encryption: KeyEncryption,
  ids: { next(): string },
): FieldSealer {
  const bySubject = boundedCache<Promise<OpenDataKey>>(CACHE);
  const byId = boundedCache<Promise<OpenDataKey>>(CACHE);

  const unwrap = (row: WrappedDataKey): OpenDataKey => {
    if (row.kekId !== encryption.id) {
      throw new Error(`data key ${row.id} needs the key-encryption key ${row.kekId}`);
    }
    const key = encryption.unwrap(row.id, row.wrapped);
    if (!matchesCommitment(key, row.commitment)) {
      throw new Error(`data key ${row.id} does not match its commitment`);
    }
    return { id: row.id, key };
  };

  const subjectKey = async (subject: string): Promise<OpenDataKey> => {
    const known = await store.findBySubject(subject);
    if (known) return unwrap(known);
    const id = ids.next();
    const key = randomBytes(32);
    const wrapped = encryption.wrap(id, key);
    await store.insertIfAbsent({
      id,
      subject,
      kekId: encryption.id,
      wrapped,
      commitment: keyCommitment(key),
    });
    const stored = await store.findBySubject(subject);
    if (!stored) throw new Error(`the data key of ${subject} vanished while it was made`);
    return unwrap(stored);
  };

  const storedKey = async (id: string): Promise<OpenDataKey> => {
    const row = await store.findById(id);
    if (!row) throw new Error(`data key ${id} does not exist: what it sealed is shredded`);
    return unwrap(row);
  };

  return {
    async seal(subject, place, text) {
      const { id, key } = await cached(bySubject, subject, () => subjectKey(subject));
      return sealText(key, id, place, text);
    },
    async open(place, sealed) {
      const { key } = await cached(byId, sealedKeyId(sealed), () => storedKey(sealedKeyId(sealed)));
      return openText(key, place, sealed);
    },
  };
}

/** Callers at the same time share one look-up; a failed one is forgotten. */
function cached(
  cache: ReturnType<typeof boundedCache<Promise<OpenDataKey>>>,
  name: string,
  load: () => Promise<OpenDataKey>,
): Promise<OpenDataKey> {
  const now = performance.now();
  const known = cache.get(name, now);
  if (known) return known;
  const loading = load();
  cache.set(name, loading, now);
  loading.catch(() => cache.delete(name));
  return loading;
}

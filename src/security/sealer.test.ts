import { describe, expect, it, jest } from '@jest/globals';
import { openText, sealText } from './field-cipher.ts';
import { openKeys } from './keys.ts';
import { createSealer, type DataKeyStore, type WrappedDataKey } from './sealer.ts';

const { encryption } = openKeys({
  isProduction: true,
  keyFolder: '',
  secretKey: 's'.repeat(32),
  encryptionKey: 'e'.repeat(32),
});
const PLACE = { table: 'leave_application', column: 'reason_sealed', rowId: 'r1' };

function memoryStore(): DataKeyStore & { rows: Map<string, WrappedDataKey> } {
  const rows = new Map<string, WrappedDataKey>();
  return {
    rows,
    findBySubject: async (subject) => rows.get(subject),
    findById: async (id) => [...rows.values()].find((row) => row.id === id),
    insertIfAbsent: async (row) => {
      if (!rows.has(row.subject)) rows.set(row.subject, row);
    },
  };
}

let made = 0;
const ids = { next: () => `key-${(made += 1)}` };

describe('createSealer', () => {
  it('opens what it sealed, also in another process', async () => {
    const store = memoryStore();
    const sealed = await createSealer(store, encryption, ids).seal('student:1', PLACE, 'fever');

    expect(sealed).not.toContain('fever');
    expect(await createSealer(store, encryption, ids).open(PLACE, sealed)).toBe('fever');
  });

  it('gives a subject one key however many ask at once', async () => {
    const store = memoryStore();
    const sealers = [1, 2].map(() => createSealer(store, encryption, ids));

    await Promise.all(
      sealers.flatMap((sealer) => [1, 2, 3].map((n) => sealer.seal('student:1', PLACE, `${n}`))),
    );

    expect(store.rows.size).toBe(1);
  });

  it('unwraps a key once and keeps it', async () => {
    const store = memoryStore();
    const find = jest.spyOn(store, 'findBySubject');
    const sealer = createSealer(store, encryption, ids);

    await sealer.seal('student:1', PLACE, 'a');
    const calls = find.mock.calls.length;
    await sealer.seal('student:1', PLACE, 'b');

    expect(find.mock.calls).toHaveLength(calls);
  });

  it('refuses a sealed value in another row, column or table', async () => {
    const sealer = createSealer(memoryStore(), encryption, ids);
    const sealed = await sealer.seal('student:1', PLACE, 'fever');

    for (const other of [{ rowId: 'r2' }, { column: 'note' }, { table: 'decision' }]) {
      await expect(sealer.open({ ...PLACE, ...other }, sealed)).rejects.toThrow();
    }
  });

  it('cannot open anything once the data key is destroyed', async () => {
    const store = memoryStore();
    const sealed = await createSealer(store, encryption, ids).seal('student:1', PLACE, 'fever');

    store.rows.clear();

    await expect(createSealer(store, encryption, ids).open(PLACE, sealed)).rejects.toThrow(
      /shredded/,
    );
  });

  it('refuses a data key that does not match its commitment', async () => {
    const store = memoryStore();
    await createSealer(store, encryption, ids).seal('student:1', PLACE, 'fever');
    const [row] = store.rows.values();
    if (row) store.rows.set('student:1', { ...row, commitment: 'AAAA' });

    await expect(
      createSealer(store, encryption, ids).seal('student:1', PLACE, 'x'),
    ).rejects.toThrow(/commitment/);
  });

  it('tries again after a failed look-up', async () => {
    const store = memoryStore();
    const find = jest.spyOn(store, 'findBySubject').mockRejectedValueOnce(new Error('away'));
    const sealer = createSealer(store, encryption, ids);

    await expect(sealer.seal('student:1', PLACE, 'a')).rejects.toThrow('away');
    await expect(sealer.seal('student:1', PLACE, 'a')).resolves.toMatch(/^v1\./);
    expect(find).toHaveBeenCalled();
  });
});

describe('openText', () => {
  it('refuses a value with any single byte changed', () => {
    const key = Buffer.alloc(32, 1);
    const sealed = sealText(key, 'k', PLACE, 'a reason');
    const [format, keyId, ...parts] = sealed.split('.');

    parts.forEach((part, index) => {
      const bytes = Buffer.from(part, 'base64url');
      bytes.forEach((_, at) => {
        const altered = Buffer.from(bytes);
        altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
        const copy = parts.with(index, altered.toString('base64url'));
        expect(() => openText(key, PLACE, [format, keyId, ...copy].join('.'))).toThrow();
      });
    });
    expect(openText(key, PLACE, sealed)).toBe('a reason');
  });
});

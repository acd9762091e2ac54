import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { createPayloadCodec, readCodecKeys } from './payload-codec.ts';

const keyText = (id: string): string => `${id}:${randomBytes(32).toString('base64')}`;
const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const textOf = (payload: Payload | undefined): string =>
  Buffer.from(payload?.data ?? []).toString('utf8');

describe('the payload codec', () => {
  const keys = readCodecKeys(keyText('k1'));
  const codec = createPayloadCodec(keys);

  it('gives back what it encrypted, with the metadata', async () => {
    const payload = payloadOf({ caseId: 'c1', note: 'seen' });

    const sealed = await codec.encode([payload]);

    expect(textOf(sealed[0])).not.toContain('seen');
    const [opened] = await codec.decode(sealed);
    expect(defaultPayloadConverter.fromPayload(opened ?? {})).toEqual({
      caseId: 'c1',
      note: 'seen',
    });
  });

  it('never writes the same bytes twice', async () => {
    const [one, two] = await codec.encode([payloadOf('same'), payloadOf('same')]);

    expect(textOf(one)).not.toBe(textOf(two));
  });

  it('passes on what an operator typed as plain JSON', async () => {
    const typed = payloadOf({ verdict: 'approved' });

    expect(await codec.decode([typed])).toEqual([typed]);
  });

  it('reads payloads of an older key and writes with the first', async () => {
    const rotated = createPayloadCodec([...readCodecKeys(keyText('k2')), ...keys]);
    const old = await codec.encode([payloadOf('old')]);

    const [opened] = await rotated.decode(old);
    const [fresh] = await rotated.encode([payloadOf('new')]);

    expect(defaultPayloadConverter.fromPayload(opened ?? {})).toBe('old');
    expect(Buffer.from(fresh?.metadata?.['key-id'] ?? []).toString()).toBe('k2');
  });

  it('refuses a payload of a key it does not have', async () => {
    const foreign = await createPayloadCodec(readCodecKeys(keyText('k9'))).encode([payloadOf(1)]);

    expect(() => codec.decode(foreign)).toThrow('no codec key k9');
  });

  it('refuses every flipped byte, and a key id in exchange for another', async () => {
    const [sealed] = await codec.encode([payloadOf('x')]);
    const data = Buffer.from(sealed?.data ?? []);
    for (let index = 0; index < data.length; index += 1) {
      const flipped = Buffer.from(data);
      flipped.writeUInt8(flipped.readUInt8(index) ^ 1, index);
      expect(() => codec.decode([{ ...sealed, data: flipped }])).toThrow();
    }
    const renamed = createPayloadCodec(keys.map(({ key }) => ({ id: 'k2', key })));
    const metadata = { ...sealed?.metadata, 'key-id': Buffer.from('k2') };
    expect(() => renamed.decode([{ ...sealed, metadata }])).toThrow();
  });
});

describe('readCodecKeys', () => {
  it.each(['', 'k1', 'k1:', ':abcd', 'k1:c2hvcnQ=', `${keyText('k1')}:more`, `${keyText('k1')},`])(
    'refuses %p and says how keys are given',
    (text) => {
      expect(() => readCodecKeys(text)).toThrow('give id:key pairs');
    },
  );
});

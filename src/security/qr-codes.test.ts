import { describe, expect, test } from '@jest/globals';
import { createCipheriv } from 'node:crypto';
import { createQrCodes, TOKEN_CHARACTERS, type QrContent } from './qr-codes.ts';

const TENANT = '0190b7a0-0000-7000-8000-000000000001';
const SESSION = '0190b7a0-1234-7abc-8def-0123456789ab';
const OTHER_SESSION = '0190b7a0-1234-7abc-8def-0123456789ac';
const master = { id: 7, key: Buffer.from(Array.from({ length: 32 }, (_, index) => index)) };
const codes = createQrCodes({ tenantId: TENANT, masters: () => [master] });
const content: QrContent = { step: 178_668_192, recheck: false, isStatic: false, exit: false };
const KNOWN = 'AQegoaKjpKWmp6ipqqvq67u6lwG_c-Q6RqTuEhAGBZ9w1ASA2Tv14jpspw';

describe('the sealed token', () => {
  test('is the known answer of presence.md section 2', () => {
    const nonce = Buffer.from('a0a1a2a3a4a5a6a7a8a9aaab', 'hex');
    expect(codes.seal(SESSION, content, nonce)).toBe(KNOWN);
    expect(codes.open(SESSION, KNOWN)).toEqual({ kind: 'opened', content });
    expect(KNOWN).toHaveLength(TOKEN_CHARACTERS);
  });

  test('the short text code is the known answer too', () => {
    expect(codes.textCode(SESSION, 119_112_128)).toBe('263163');
    expect(codes.textCode(SESSION, 119_112_129)).not.toBe('263163');
  });

  test('is new at every sealing, and carries its flags', () => {
    const sealed = codes.seal(SESSION, { ...content, recheck: true, exit: true });
    expect(sealed).not.toBe(codes.seal(SESSION, { ...content, recheck: true, exit: true }));
    expect(codes.open(SESSION, sealed)).toEqual({
      kind: 'opened',
      content: { ...content, recheck: true, exit: true },
    });
  });

  test('any flipped bit of any byte is refused', () => {
    for (let place = 0; place < 43; place += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const bytes = Buffer.from(KNOWN, 'base64url');
        bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << bit), place);
        expect(codes.open(SESSION, bytes.toString('base64url')).kind).not.toBe('opened');
      }
    }
  });

  test.each([
    ['empty', ''],
    ['too short', KNOWN.slice(0, -4)],
    ['too long', `${KNOWN}AAAA`],
    ['padded', `${KNOWN}==`],
    ['another spelling of the same bytes', `${KNOWN.slice(0, -1)}x`],
    ['with a line break', `${KNOWN}\n`],
    ['of another version', `Ag${KNOWN.slice(2)}`],
  ])('%s is malformed', (_name, token) => {
    expect(codes.open(SESSION, token)).toEqual({ kind: 'malformed' });
  });

  test('of another session, another institution or an unknown master is invalid', () => {
    const elsewhere = createQrCodes({ tenantId: OTHER_SESSION, masters: () => [master] });
    const rotated = createQrCodes({
      tenantId: TENANT,
      masters: () => [{ id: 8, key: master.key }],
    });
    expect(codes.open(OTHER_SESSION, KNOWN)).toEqual({ kind: 'invalid' });
    expect(elsewhere.open(SESSION, KNOWN)).toEqual({ kind: 'invalid' });
    expect(rotated.open(SESSION, KNOWN)).toEqual({ kind: 'invalid' });
  });

  test('a previous master still opens', () => {
    const next = { id: 8, key: Buffer.alloc(32, 9) };
    const rotated = createQrCodes({ tenantId: TENANT, masters: () => [next, master] });
    expect(rotated.open(SESSION, KNOWN).kind).toBe('opened');
    expect(codes.open(SESSION, rotated.seal(SESSION, content))).toEqual({ kind: 'invalid' });
  });

  test('a flag nobody knows is invalid, even where the seal is ours', () => {
    const key = Buffer.from(
      '495cf18fc46ff029918f41ebc14eab527254340935075a002efbba0795622c6e',
      'hex',
    );
    const nonce = Buffer.alloc(12, 1);
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
    cipher.setAAD(Buffer.from(`qr:v1|${TENANT}|${SESSION}`));
    const plain = Buffer.from('8def0123456789ab0aa642a008', 'hex');
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    const token = Buffer.concat([Buffer.from([1, 7]), nonce, sealed, cipher.getAuthTag()]);
    expect(codes.open(SESSION, token.toString('base64url'))).toEqual({ kind: 'invalid' });
  });
});

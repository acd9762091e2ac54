import { expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { createQrCodes, type QrContent } from './qr-codes.ts';
import { qrMasters } from './qr-masters.ts';

const DAY = 86_400_000;
const keys = {
  purposeKey: (purpose: string) => createHash('sha256').update(purpose).digest(),
};
const SESSION = '0190b7a0-1234-7abc-8def-0123456789ab';
const content: QrContent = { step: 1, recheck: false, isStatic: false, exit: false };
const at = (day: number) =>
  createQrCodes({ tenantId: SESSION, masters: () => qrMasters(keys, day * DAY) });

test('a code of yesterday opens for 30 days after the masters rotated, and then no more', () => {
  const last = 90 * 200 - 1;
  const token = at(last).seal(SESSION, content);
  expect(at(last + 1).open(SESSION, token).kind).toBe('opened');
  expect(at(last + 30).open(SESSION, token).kind).toBe('opened');
  expect(at(last + 31).open(SESSION, token)).toEqual({ kind: 'invalid' });
  expect(
    at(last + 1)
      .seal(SESSION, content)
      .slice(0, 4),
  ).not.toBe(token.slice(0, 4));
});

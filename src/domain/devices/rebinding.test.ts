import { expect, test } from '@jest/globals';
import { decideRebinding, type DeviceHistory } from './rebinding.ts';

const holder: DeviceHistory = {
  hadDevice: true,
  hasDevice: true,
  recentChanges: 0,
  wantsToReplace: true,
  sinceSignInMs: 0,
};

test.each([
  ['a first device', { hadDevice: false, hasDevice: false }, 'active'],
  ['a later device', {}, 'pending'],
  ['a device after the last was removed', { hasDevice: false, wantsToReplace: false }, 'pending'],
  ['a second device nobody asked to replace', { wantsToReplace: false }, 'not_asked'],
  ['ten minutes after the sign-in', { sinceSignInMs: 600_000 }, 'pending'],
  ['later than that', { sinceSignInMs: 600_001 }, 'step_up'],
  ['the second change', { recentChanges: 1 }, 'pending'],
  ['the third change', { recentChanges: 2 }, 'limit'],
] as const)('%s', (_name, change, decision) => {
  expect(decideRebinding({ ...holder, ...change })).toBe(decision);
});

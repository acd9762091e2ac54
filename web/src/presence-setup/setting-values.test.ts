import { describe, expect, it } from '@jest/globals';
import type { Setting } from '../api/presence-setup.ts';
import { FOLLOW, inheritedAt, storedAt, valueOf, type Scope } from './setting-values.ts';

const level: Setting = {
  name: 'PRESENCE_LEVEL',
  default: 'standard',
  values: { type: 'choice', of: ['open', 'standard', 'strict'] },
  stored: [
    { scope_kind: 'campus', scope_id: 'c1', value: 'open' },
    { scope_kind: 'room', scope_id: 'r1', value: 'strict' },
  ],
};
const room = (id: string, campus: string): Scope => ({
  kind: 'room',
  id,
  wider: [
    { kind: 'campus', id: campus },
    { kind: 'institution', id: '' },
  ],
});

describe('a setting in a place', () => {
  it('has its own value, or follows the nearest wider place, or the standard', () => {
    expect(storedAt(level, room('r1', 'c1'))).toBe('strict');
    expect(storedAt(level, room('r2', 'c1'))).toBeUndefined();
    expect(inheritedAt(level, room('r2', 'c1'))).toEqual({ value: 'open', from: 'campus' });
    expect(inheritedAt(level, room('r2', 'c2'))).toEqual({ value: 'standard', from: 'default' });
  });

  it('takes from a field what its kind of value means', () => {
    const yesOrNo: Setting = { ...level, default: false, values: { type: 'boolean' } };
    const whole: Setting = { ...level, default: 10, values: { type: 'whole', min: 5, max: 15 } };
    expect([valueOf(level, 'open'), valueOf(yesOrNo, 'false'), valueOf(whole, '12')]).toEqual([
      'open',
      false,
      12,
    ]);
    expect(valueOf(level, FOLLOW)).toBeUndefined();
    expect(valueOf(whole, 'soon')).toBe('soon');
  });
});

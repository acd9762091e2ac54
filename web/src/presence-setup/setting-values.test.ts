import { describe, expect, it } from '@jest/globals';
import type { Setting } from '../api/presence-setup.ts';
import { FOLLOW, inheritedAt, scopeAt, storedAt, valueOf } from './setting-values.ts';

const level: Setting = {
  name: 'PRESENCE_LEVEL',
  default: 'standard',
  values: { type: 'choice', of: ['open', 'standard', 'strict'] },
  stored: [
    { scope_kind: 'campus', scope_id: 'c1', value: 'open' },
    { scope_kind: 'room', scope_id: 'r1', value: 'strict' },
  ],
};
const room = (id: string, campus: string) => scopeAt('room', id, { course: null, campus });

describe('a setting in a place', () => {
  it('has its own value, or follows the nearest wider place, or the standard', () => {
    expect(storedAt(level, room('r1', 'c1'))).toBe('strict');
    expect(storedAt(level, room('r2', 'c1'))).toBeUndefined();
    expect(inheritedAt(level, room('r2', 'c1'))).toEqual({ value: 'open', from: 'campus' });
    expect(inheritedAt(level, room('r2', 'c2'))).toEqual({ value: 'standard', from: 'default' });
  });

  it.each<[string, string, string, object]>([
    ['course', 'c9', 'section', { value: 'strict', from: 'course' }],
    ['course', 'another', 'section', { value: 'standard', from: 'default' }],
    ['room', 'r1', 'section', { from: 'undecided' }],
    ['room', 'r1', 'course', { from: 'undecided' }],
    ['room', 'r1', 'campus', { value: 'standard', from: 'default' }],
    ['component', 'L', 'course', { from: 'undecided' }],
    ['course_kind', 'lab', 'room', { from: 'undecided' }],
    ['course_kind', 'lab', 'campus', { value: 'standard', from: 'default' }],
    ['campus', 'c1', 'room', { value: 'strict', from: 'campus' }],
    ['campus', 'c2', 'room', { value: 'standard', from: 'default' }],
    ['institution', '', 'campus', { value: 'strict', from: 'institution' }],
  ])('that is set for %s %s is followed by a %s or left open', (kind, id, at, expected) => {
    const setting = { ...level, stored: [{ scope_kind: kind, scope_id: id, value: 'strict' }] };
    const scope = scopeAt(at as 'room', 'here', { course: 'c9', campus: 'c1' });

    expect(inheritedAt(setting, scope)).toEqual(expected);
  });

  it('of a campus is left open for a section whose campus is not known', () => {
    const known = { course: 'c9', campus: null };
    const section = scopeAt('section', 's1', known);
    const narrower = { scope_kind: 'course', scope_id: 'c9', value: 'open' };
    const only = { ...level, stored: level.stored.slice(0, 1) };

    expect(inheritedAt(only, section)).toEqual({ from: 'undecided' });
    const both = { ...only, stored: [...only.stored, narrower] };
    expect(inheritedAt(both, section)).toEqual({ value: 'open', from: 'course' });
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

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SESSION_EDGES, SESSION_STATUSES } from '../types.ts';
import {
  dueEdge,
  edgeAllowed,
  edgeRefusal,
  effectiveStatus,
  isFinal,
  nextTransition,
  type SessionFacts,
} from './transitions.ts';

const at = (minutes: number): string =>
  new Date(Date.UTC(2026, 7, 14, 4, 30) + minutes * 60_000).toISOString();
const ms = (minutes: number): number => Date.parse(at(minutes));

/** A class from minute 0 to 60, marks admitted from minute -5 to 60. */
function facts(change: Partial<SessionFacts> = {}): SessionFacts {
  return {
    status: 'scheduled',
    startAt: at(0),
    endAt: at(60),
    opensAt: at(-5),
    closesAt: at(60),
    lockDueAt: null,
    autoOpen: true,
    ...change,
  };
}

describe('edgeAllowed', () => {
  const legal = new Set([
    'scheduled open',
    'scheduled close',
    'scheduled cancel',
    'scheduled reschedule',
    'open close',
    'open cancel',
    'closed reopen',
    'closed lock',
    'cancelled restore',
  ]);

  it.each(
    SESSION_STATUSES.flatMap((status) => SESSION_EDGES.map((edge) => [status, edge] as const)),
  )('from %s by %s follows the table of states', (status, edge) => {
    expect(edgeAllowed(status, edge)).toBe(legal.has(`${status} ${edge}`));
  });
});

describe('edgeRefusal', () => {
  it('refuses to open a class whose time is over', () => {
    expect(edgeRefusal(facts(), 'open', 'person', ms(60))).toMatch(/over/);
  });

  it('refuses to reopen once the window has closed', () => {
    expect(edgeRefusal(facts({ status: 'closed' }), 'reopen', 'person', ms(60))).toMatch(/over/);
    expect(edgeRefusal(facts({ status: 'closed' }), 'reopen', 'person', ms(59))).toBeNull();
  });

  it('restores a cancelled class only before its start', () => {
    expect(edgeRefusal(facts({ status: 'cancelled' }), 'restore', 'person', ms(-1))).toBeNull();
    expect(edgeRefusal(facts({ status: 'cancelled' }), 'restore', 'person', ms(0))).toMatch(
      /start/,
    );
  });

  it('lets a timer, but no person, close a session before it opened', () => {
    expect(edgeRefusal(facts(), 'close', 'person', ms(-30))).toMatch(/not opened/);
    expect(edgeRefusal(facts(), 'close', 'timer', ms(-30))).toBeNull();
  });
});

describe('nextTransition', () => {
  it.each([
    ['scheduled', facts(), 'open', at(-5)],
    ['scheduled without automatic opening', facts({ autoOpen: false }), 'close', at(60)],
    ['open', facts({ status: 'open' }), 'close', at(60)],
    ['closed', facts({ status: 'closed', lockDueAt: at(4_380) }), 'lock', at(4_380)],
    ['cancelled', facts({ status: 'cancelled' }), 'expire', at(0)],
    ['locked', facts({ status: 'locked' }), 'none', at(60)],
  ] as const)('a %s session takes its edge on time', (_name, session, edge, instant) => {
    expect(nextTransition(session)).toEqual({ edge, at: instant });
  });
});

describe('dueEdge', () => {
  it('closes at once a session found past its whole window', () => {
    expect(dueEdge(facts(), ms(61))).toBe('close');
  });

  it('takes nothing before its time', () => {
    expect(dueEdge(facts(), ms(-5) - 1)).toBeNull();
    expect(dueEdge(facts(), ms(-5))).toBe('open');
  });
});

describe('isFinal', () => {
  it('keeps a cancelled session until its start, when it can no longer be restored', () => {
    expect(isFinal(facts({ status: 'cancelled' }), ms(-1))).toBe(false);
    expect(isFinal(facts({ status: 'cancelled' }), ms(0))).toBe(true);
    expect(isFinal(facts({ status: 'locked' }), ms(-100))).toBe(true);
  });
});

describe('effectiveStatus', () => {
  const session = (change: Partial<SessionFacts> = {}) => ({
    ...facts(change),
    lockAfterHours: 72,
  });

  it.each([
    ['before the window', session(), -6, 'scheduled'],
    ['from opens_at, though no worker opened it', session(), -5, 'open'],
    ['from opens_at without automatic opening', session({ autoOpen: false }), 10, 'scheduled'],
    ['from closes_at, though no worker closed it', session({ status: 'open' }), 60, 'closed'],
    ['a never opened one after closes_at', session({ autoOpen: false }), 60, 'closed'],
    ['72 hours after closes_at', session({ status: 'open' }), 60 + 72 * 60, 'locked'],
    ['closed before its lock', session({ status: 'closed', lockDueAt: at(100) }), 99, 'closed'],
    ['closed from its lock on', session({ status: 'closed', lockDueAt: at(100) }), 100, 'locked'],
    ['cancelled always', session({ status: 'cancelled' }), 10, 'cancelled'],
  ] as const)('%s', (_name, row, minute, expected) => {
    expect(effectiveStatus(row, ms(minute))).toBe(expected);
  });

  it('never goes back as time passes, whatever the row says', () => {
    const order = ['scheduled', 'open', 'closed', 'locked'];
    fc.assert(
      fc.property(
        fc.constantFrom('scheduled', 'open', 'closed' as const),
        fc.boolean(),
        fc.integer({ min: -100, max: 10_000 }),
        fc.integer({ min: 0, max: 10_000 }),
        (status, autoOpen, minute, later) => {
          const row = session({ status, autoOpen });
          const before = order.indexOf(effectiveStatus(row, ms(minute)));
          const after = order.indexOf(effectiveStatus(row, ms(minute + later)));
          expect(after).toBeGreaterThanOrEqual(before);
        },
      ),
    );
  });
});

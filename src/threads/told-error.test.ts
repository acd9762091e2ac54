import { describe, expect, it } from '@jest/globals';
import { sqlState } from '../db/orm.ts';
import { appError } from '../domain/errors.ts';
import { heardError, tellError } from './told-error.ts';

const across = (error: unknown): Error => heardError(structuredClone(tellError(error)));

describe('an error told between threads', () => {
  it('of the table is one again, with what it carries and its cause', () => {
    const cause = Object.assign(new Error('canceling statement'), { code: '55P03' });
    const error = appError('rate_limited', 'Wait.', { cause, meta: { retryAfterSeconds: 60 } });
    const heard = across(error);
    expect(heard).toMatchObject({
      name: 'AppError',
      code: 'rate_limited',
      status: 429,
      detail: 'Wait.',
      meta: { retryAfterSeconds: 60 },
      stack: error.stack,
    });
    expect(sqlState(heard.cause)).toBe('55P03');
  });

  it('of the database keeps its state, also from behind a wrapping', () => {
    const driver = Object.assign(new Error('terminating connection'), { code: '57P01' });
    const heard = across(new Error('query failed', { cause: driver }));
    expect(heard.message).toBe('query failed');
    expect(sqlState(heard)).toBe('57P01');
  });

  it('of anything else keeps its words', () => {
    expect(across(new TypeError('no function')).message).toBe('no function');
    expect(across('thrown text').message).toBe('thrown text');
  });
});

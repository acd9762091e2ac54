import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  CLOSED_RETRY_MS,
  createDisplayFeed,
  NO_DISPLAY,
  retryDelayMs,
  type DisplayHandlers,
  type DisplayState,
} from './display-feed.ts';

const STEP_MS = 10_000;
const ROTATING = { withDigits: false, isStatic: false };
const STATIC = { withDigits: false, isStatic: true };
const refused = new Error('no static codes');
const denied = new Error('not yours');
const away = new Error('no answer');
const closed = new Error('the class is closed');

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** A feed whose server answers what the test says, in turn. */
function setUp(...answers: readonly (string | Error)[]) {
  let state: DisplayState = NO_DISPLAY;
  const left = [...answers];
  const refusals: unknown[] = [];
  const lines: { readonly token: string; readonly say: DisplayHandlers; isOpen: boolean }[] = [];
  let starts = 0;
  const feed = createDisplayFeed({
    start: async () => {
      starts += 1;
      const answer = left.shift() ?? away;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    connect: (token, say) => {
      const line = { token, say, isOpen: true };
      lines.push(line);
      return () => {
        line.isOpen = false;
      };
    },
    isRefusal: (error) => error === refused,
    isClosed: (error) => error === closed,
    isPassing: (error) => error === away,
    show: (change) => {
      state = { ...state, ...change };
    },
    onRefused: (error) => refusals.push(error),
  });
  return {
    feed,
    refusals,
    state: () => state,
    starts: () => starts,
    open: () => lines.filter(({ isOpen }) => isOpen).map(({ token }) => token),
    line: () => {
      const last = lines.at(-1);
      if (!last) throw new Error('no connection was opened');
      return last.say;
    },
  };
}

const later = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);

const codeOf = (token: string) => ({
  token,
  step: 1,
  valid_ms: 2 * STEP_MS,
  next_ms: STEP_MS,
  text_code: null,
  mode: 'rotating' as const,
  purpose: 'entry' as const,
});

describe('the display of a session', () => {
  it('shows a code until two steps passed without another', async () => {
    const { feed, state, line } = setUp('t1');
    feed.want(ROTATING);
    await later(0);
    line().code(codeOf('a'));
    await later(STEP_MS);
    line().code(codeOf('b'));

    await later(2 * STEP_MS - 1);
    expect(state().code?.token).toBe('b');
    await later(1);
    expect(state().code).toBeNull();
    feed.stop();
  });

  it('starts anew after a refused connection, and blanks when that fails', async () => {
    const { feed, state, line, starts, open } = setUp('t1', away, 't2');
    feed.want(ROTATING);
    await later(0);
    line().code(codeOf('a'));
    line().lost();
    expect(state().code?.token).toBe('a');

    await later(retryDelayMs(1));
    expect([starts(), state().code, state().error]).toEqual([2, null, away]);
    await later(retryDelayMs(2));
    expect([starts(), open(), state().error]).toEqual([3, ['t2'], null]);
    feed.stop();
  });

  it('tries ever more seldom while the server is away, and at once when told to', async () => {
    const { feed, starts, open } = setUp(away, away, away, 't1');
    feed.want(ROTATING);
    await later(0);
    for (const failures of [1, 2]) {
      await later(retryDelayMs(failures) - 1);
      expect(starts()).toBe(failures);
      await later(1);
      expect(starts()).toBe(failures + 1);
    }
    feed.retry();
    await later(0);
    expect(open()).toEqual(['t1']);
    expect([1, 2, 3, 6, 60].map(retryDelayMs)).toEqual([1_000, 2_000, 4_000, 30_000, 30_000]);
    feed.stop();
  });

  it('asks no more where trying again is of no use', async () => {
    const { feed, state, starts } = setUp(denied);
    feed.want(ROTATING);
    await later(3_600_000);
    expect([starts(), state().error]).toEqual([1, denied]);
    feed.stop();
  });

  it('keeps what runs until other options are granted', async () => {
    const { feed, open, line, state } = setUp('t1', 't2');
    feed.want(ROTATING);
    await later(0);
    const first = line();
    first.code(codeOf('a'));
    feed.want(STATIC);
    expect([open(), state().code?.token]).toEqual([['t1'], 'a']);

    await later(0);
    expect(open()).toEqual(['t2']);
    first.code(codeOf('late'));
    expect(state().code?.token).toBe('a');
    feed.stop();
    expect(open()).toEqual([]);
  });

  it('keeps what runs when other options are refused', async () => {
    const { feed, open, line, state, refusals, starts } = setUp('t1', refused);
    feed.want(ROTATING);
    await later(0);
    line().code(codeOf('a'));
    feed.want(STATIC);
    await later(0);
    feed.want(ROTATING);
    await later(STEP_MS);

    expect([open(), refusals, starts()]).toEqual([['t1'], [refused], 2]);
    expect([state().code?.token, state().error]).toEqual(['a', null]);
    feed.stop();
  });

  it('starts anew where the line broke while a refusal was under way', async () => {
    const { feed, open, line, starts } = setUp('t1', refused, 't2');
    feed.want(ROTATING);
    await later(0);
    feed.want(STATIC);
    line().lost();
    await later(0);
    feed.want(ROTATING);
    await later(0);

    expect([open(), starts()]).toEqual([['t2'], 3]);
    feed.stop();
  });

  it('blanks with the close of the class, and resumes by itself once it is open again', async () => {
    const { feed, open, line, state, starts } = setUp('t1', closed, 't2');
    feed.want(ROTATING);
    await later(0);
    line().code(codeOf('a'));
    line().ended('closed');
    expect([open(), starts()]).toEqual([[], 1]);
    expect(state()).toMatchObject({ code: null, isClosed: true, error: null });

    await later(CLOSED_RETRY_MS);
    expect([starts(), state().isClosed, state().error]).toEqual([2, true, null]);
    await later(CLOSED_RETRY_MS);
    expect([open(), state().isClosed]).toEqual([['t2'], false]);
    feed.stop();
  });

  it.each(['retry', 'want'] as const)(
    'asks at once after a close when told to: %s',
    async (call) => {
      const { feed, open, line, state } = setUp('t1', 't2');
      feed.want(ROTATING);
      await later(0);
      line().ended('closed');

      if (call === 'retry') feed.retry();
      else feed.want(STATIC);
      await later(0);

      expect([open(), state().isClosed]).toEqual([['t2'], false]);
      feed.stop();
    },
  );

  it('stays closed where other options are asked for as the class closes', async () => {
    const { feed, line, state, starts } = setUp('t1', closed);
    feed.want(ROTATING);
    await later(0);
    feed.want(STATIC);
    line().ended('closed');
    await later(0);

    expect([starts(), state().isClosed]).toEqual([2, true]);
    feed.stop();
    await later(CLOSED_RETRY_MS);
    expect(starts()).toBe(2);
  });
});

/** Watches one session while a component shows it. */
import { useEffect, useEffectEvent } from 'react';
import { useApp } from '../app-context.ts';
import type { Counts, SessionEvent } from '../api/types.ts';
import { readEvents } from '../api/sessions.ts';
import { createSessionFeed } from './session-feed.ts';

/** What a screen shows of a session's events. */
export interface FeedScreen {
  /** The number up to which the screen is filled; undefined while it loads. */
  readonly filledTo: number | undefined;
  readonly apply: (event: SessionEvent) => void;
  readonly counts?: (counts: Counts) => void;
  /** Read everything again: events were lost for good. */
  readonly startOver: () => void;
}

/** Applies the session's events in order, each once, also over gaps and reconnections. */
export function useSessionFeed(session: string, screen: FeedScreen): void {
  const { api, live } = useApp();
  const apply = useEffectEvent(screen.apply);
  const startOver = useEffectEvent(screen.startOver);
  const counts = useEffectEvent((next: Counts) => screen.counts?.(next));
  const { filledTo } = screen;
  const isFilled = filledTo !== undefined;
  const firstSeq = useEffectEvent(() => filledTo ?? 0);

  useEffect(() => {
    if (!isFilled) return undefined;
    const feed = createSessionFeed({
      missed: (after) => readEvents(api, session, after),
      apply: (event) => apply(event),
      startOver: () => startOver(),
    });
    feed.filledTo(firstSeq());
    const unwatch = live.watch(session, {
      started: (answer) => {
        counts(answer.counts);
        feed.heard(answer.seq);
      },
      event: (event) => feed.receive(event),
    });
    return () => {
      unwatch();
      feed.stop();
    };
  }, [api, live, session, isFilled]);
}

/** Follows the codes of one session: asks to show them, then takes what the server pushes. */
import { useEffect, useEffectEvent, useState } from 'react';
import { io } from 'socket.io-client';
import { startDisplay, type DisplayOptions } from '../api/presence.ts';
import { ApiProblem } from '../api/problem.ts';
import { useApp } from '../app-context.ts';

/** A code to show. */
export interface ShownCode {
  readonly token: string;
  readonly step: number;
  readonly valid_ms: number;
  readonly next_ms: number;
  readonly text_code: string | null;
  readonly mode: 'rotating' | 'static';
  readonly purpose: 'entry' | 'recheck' | 'exit';
}

/** How the display stands. */
export interface DisplayState {
  /** Null before the first code, and when none came for two steps: an old one must not stay. */
  readonly code: ShownCode | null;
  readonly counts: { readonly marked: number; readonly roster: number } | null;
  readonly isClosed: boolean;
  readonly error: unknown;
}

const NOTHING: DisplayState = { code: null, counts: null, isClosed: false, error: null };
/** The server may be a moment late before the screen blanks. */
const BLANK_AFTER_STEPS = 2;

/**
 * Shows the codes of a session until the page is left.
 * @param onRefused  the institution allows no static code; the caller asks for another
 */
export function useDisplay(
  session: string,
  { withDigits, isStatic }: DisplayOptions,
  onRefused: (problem: ApiProblem) => void,
): DisplayState {
  const { api } = useApp();
  const [state, setState] = useState<DisplayState>(NOTHING);
  const [attempt, setAttempt] = useState(0);
  const refuse = useEffectEvent(onRefused);
  useEffect(() => {
    let isOver = false;
    let blank: ReturnType<typeof setTimeout> | undefined;
    let close = (): void => undefined;
    const patch = (change: Partial<DisplayState>): void => {
      if (!isOver) setState((before) => ({ ...before, ...change }));
    };
    const follow = (token: string): void => {
      const socket = io('/display', {
        path: '/socket.io',
        transports: ['websocket', 'polling'],
        auth: { display_token: token },
        forceNew: true,
      });
      close = () => void socket.close();
      socket.on('code', (code: ShownCode) => {
        clearTimeout(blank);
        blank = setTimeout(() => patch({ code: null }), code.next_ms * BLANK_AFTER_STEPS);
        patch({ code, error: null });
      });
      socket.on('counts', (counts: NonNullable<DisplayState['counts']>) => patch({ counts }));
      socket.on('ended', ({ reason }: { reason: string }) => {
        if (reason === 'closed') patch({ code: null, isClosed: true });
        else setAttempt((before) => before + 1);
      });
    };
    startDisplay(api, session, { withDigits, isStatic }).then(
      ({ display_token: token }) => {
        if (!isOver) follow(token);
      },
      (error: unknown) => {
        const isRefusal = isStatic && error instanceof ApiProblem && error.code === 'qr_disabled';
        if (!isRefusal) patch({ error });
        else if (!isOver) refuse(error);
      },
    );
    return () => {
      isOver = true;
      clearTimeout(blank);
      close();
    };
  }, [api, session, withDigits, isStatic, attempt]);
  return state;
}

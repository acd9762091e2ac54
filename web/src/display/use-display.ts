/** Follows the codes of one session: asks to show them, then takes what the server pushes. */
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { io } from 'socket.io-client';
import { startDisplay, type DisplayOptions } from '../api/presence.ts';
import { ApiProblem, isWorthRetrying } from '../api/problem.ts';
import { useApp } from '../app-context.ts';
import {
  createDisplayFeed,
  NO_DISPLAY,
  type DisplayFeed,
  type DisplayHandlers,
  type DisplayState,
} from './display-feed.ts';

/**
 * Shows the codes of a session until the page is left.
 * @param onRefused  the institution allows no static code; the caller asks for another
 */
export function useDisplay(
  session: string,
  { withDigits, isStatic }: DisplayOptions,
  onRefused: (problem: unknown) => void,
): { readonly state: DisplayState; readonly retry: () => void } {
  const { api } = useApp();
  const [state, setState] = useState(NO_DISPLAY);
  const refuse = useEffectEvent(onRefused);
  const feed = useRef<DisplayFeed | null>(null);
  useEffect(() => {
    const own = createDisplayFeed({
      start: async (options) => (await startDisplay(api, session, options)).display_token,
      connect: openDisplay,
      isRefusal: (error, options) => options.isStatic && hasCode(error, 'qr_disabled'),
      isClosed: (error) => hasCode(error, 'session_closed'),
      isPassing: (error) => isWorthRetrying(error) || hasCode(error, 'session_not_open'),
      show: (change) => setState((before) => ({ ...before, ...change })),
      onRefused: (error) => refuse(error),
    });
    feed.current = own;
    return () => own.stop();
  }, [api, session]);
  useEffect(() => {
    feed.current?.want({ withDigits, isStatic });
  }, [api, session, withDigits, isStatic]);
  return { state, retry: () => feed.current?.retry() };
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof ApiProblem && error.code === code;

function openDisplay(token: string, handlers: DisplayHandlers): () => void {
  const socket = io('/display', {
    path: '/socket.io',
    transports: ['websocket', 'polling'],
    auth: { display_token: token },
    forceNew: true,
  });
  socket.on('code', handlers.code);
  socket.on('counts', handlers.counts);
  socket.on('ended', ({ reason }: { readonly reason: string }) => handlers.ended(reason));
  // Socket.IO comes back by itself from a broken line, not from a server that said no: the token
  // may have ended while the screen was offline.
  socket.on('connect_error', () => {
    if (!socket.active) handlers.lost();
  });
  socket.on('disconnect', (reason) => {
    if (reason === 'io server disconnect') handlers.lost();
  });
  return () => void socket.close();
}

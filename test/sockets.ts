/** Socket.IO clients for tests, and waiting by condition. */
import { io, type Socket } from 'socket.io-client';

/** Waits until a condition gives something; fails after the deadline with what was awaited. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = 10_000,
): Promise<T> {
  const endsAt = performance.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > endsAt) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A `session` message as it came. */
export interface HeardEvent {
  readonly session: string;
  readonly seq: number;
  readonly after: number;
  readonly at: string;
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** An answer to a message. */
export interface Answer {
  readonly ok: boolean;
  readonly seq?: number;
  readonly counts?: Readonly<Record<string, number>>;
  readonly problem?: { readonly code: string; readonly detail: string };
  readonly [member: string]: unknown;
}

/** A connected client that remembers what it heard. */
export interface TestSocket {
  readonly socket: Socket;
  readonly events: HeardEvent[];
  readonly inbox: unknown[];
  /** The challenge of `/gateway`, once it came. */
  readonly challenge: () => string | undefined;
  /** Sends a message and gives its answer. */
  readonly ask: (event: string, message?: unknown) => Promise<Answer>;
  /** Why the server ended it, once it did. */
  readonly ended: () => string | undefined;
  readonly close: () => void;
}

/** Opens a namespace; a refused handshake rejects with its `connect_error`. */
export async function openSocket(
  baseUrl: string,
  namespace: string,
  { auth = {}, headers = {} }: { auth?: object; headers?: Record<string, string> } = {},
): Promise<TestSocket> {
  const socket = io(`${baseUrl}${namespace}`, {
    auth,
    extraHeaders: headers,
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
  });
  const events: HeardEvent[] = [];
  const inbox: unknown[] = [];
  let ended: string | undefined;
  let challenge: string | undefined;
  socket.on('session', (event: HeardEvent) => events.push(event));
  socket.on('inbox', (message: unknown) => inbox.push(message));
  socket.on('challenge', (message: { challenge: string }) => (challenge = message.challenge));
  socket.on('disconnect', (reason) => (ended = reason));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  }).catch((error: unknown) => {
    socket.close();
    throw error;
  });
  return {
    socket,
    events,
    inbox,
    ask: (event, ...message) =>
      socket.timeout(10_000).emitWithAck(event, ...message) as Promise<Answer>,
    challenge: () => challenge,
    ended: () => ended,
    close: () => void socket.close(),
  };
}

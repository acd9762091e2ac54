/** The live connection: one socket per page, sessions watched while a screen shows them. */
import { io, type Socket } from 'socket.io-client';
import type { SignIn } from '../auth/sign-in.ts';
import type { NoticeKind } from '../api/notifications.ts';
import type { Counts, SessionEvent } from '../api/types.ts';

/** How the connection stands. */
export type LiveStatus = 'connecting' | 'live' | 'away';

/** What the server says when it starts to send a session's events. */
export interface WatchAnswer {
  readonly seq: number;
  readonly counts: Counts;
}

/** What a screen does with a session's events. */
export interface SessionWatcher {
  /** At the start and after every reconnection; events after `seq` follow. */
  started(answer: WatchAnswer): void;
  event(event: SessionEvent): void;
}

/** A request of mine was decided, or one waits for me. */
export interface InboxEvent {
  readonly kind: 'leave' | 'correction' | 'self_entry' | 'unlock';
  readonly id: string;
  readonly status: string;
}

/** The live side of the API. */
export interface Live {
  status: () => LiveStatus;
  subscribe: (listener: () => void) => () => void;
  connect(): void;
  disconnect(): void;
  /** Watches a session until the returned function is called. */
  watch(session: string, watcher: SessionWatcher): () => void;
  onInbox(listener: (event: InboxEvent) => void): () => void;
  /** I have a new notification. */
  onNotice(listener: (kind: NoticeKind) => void): () => void;
}

const ACK_TIMEOUT_MS = 10_000;
const TOKEN_CHECK_MS = 60_000;

type SessionMessage = SessionEvent & { readonly session: string };
type WatchReply = ({ readonly ok: true } & WatchAnswer) | { readonly ok: false };

/** Makes the live side of a sign-in. It stays silent until `connect`. */
export function createLive(signIn: SignIn): Live {
  const listeners = new Set<() => void>();
  const inboxListeners = new Set<(event: InboxEvent) => void>();
  const noticeListeners = new Set<(kind: NoticeKind) => void>();
  const watchers = new Map<string, Set<SessionWatcher>>();
  let status: LiveStatus = 'away';
  let sentToken: string | null = null;
  let tokenTimer: ReturnType<typeof setInterval> | undefined;

  const become = (next: LiveStatus): void => {
    if (status === next) return;
    status = next;
    for (const listener of listeners) listener();
  };

  const socket: Socket = io('/live', {
    path: '/socket.io',
    autoConnect: false,
    transports: ['websocket', 'polling'],
    reconnectionDelay: 500,
    reconnectionDelayMax: 5_000,
    auth: (give) => {
      void signIn.token().then(
        (token) => {
          sentToken = token;
          give({ token });
        },
        // No token while the server is away; the handshake is refused and tried again.
        () => give({ token: null }),
      );
    },
  });

  const startWatching = async (session: string): Promise<void> => {
    const reply = (await socket
      .timeout(ACK_TIMEOUT_MS)
      .emitWithAck('watch', { session })) as WatchReply;
    if (!reply.ok) return;
    for (const watcher of watchers.get(session) ?? []) watcher.started(reply);
  };
  const startSoon = (session: string): void => {
    if (!socket.connected) return;
    startWatching(session).catch(() => {
      if (watchers.has(session)) setTimeout(() => startSoon(session), 2_000);
    });
  };

  const renewToken = async (): Promise<void> => {
    const token = await signIn.token();
    if (token === null || token === sentToken || !socket.connected) return;
    await socket.timeout(ACK_TIMEOUT_MS).emitWithAck('token', { token });
    sentToken = token;
  };

  socket.on('connect', () => {
    become('live');
    for (const session of watchers.keys()) startSoon(session);
  });
  socket.on('disconnect', (reason) => {
    become('connecting');
    // The server ends a socket whose token died; socket.io leaves coming back to us.
    if (reason === 'io server disconnect') socket.connect();
  });
  socket.on('connect_error', () => {
    become(socket.active ? 'connecting' : 'away');
    // A refused handshake is not tried again by itself.
    if (!socket.active) setTimeout(() => void reconnect(socket, signIn, sentToken), 2_000);
  });
  socket.on('session', (message: SessionMessage) => {
    for (const watcher of watchers.get(message.session) ?? []) watcher.event(message);
  });
  socket.on('inbox', (event: InboxEvent) => {
    for (const listener of inboxListeners) listener(event);
  });
  socket.on('notice', ({ kind }: { kind: NoticeKind }) => {
    for (const listener of noticeListeners) listener(kind);
  });

  return {
    status: () => status,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    connect() {
      become('connecting');
      socket.connect();
      clearInterval(tokenTimer);
      // A failed renewal is met again by the next check, or by the server ending the socket.
      tokenTimer = setInterval(() => void renewToken().catch(() => undefined), TOKEN_CHECK_MS);
    },
    disconnect() {
      clearInterval(tokenTimer);
      socket.disconnect();
      become('away');
    },
    watch(session, watcher) {
      const others = watchers.get(session) ?? new Set();
      others.add(watcher);
      watchers.set(session, others);
      startSoon(session);
      return () => {
        others.delete(watcher);
        if (others.size > 0) return;
        watchers.delete(session);
        if (socket.connected) socket.emit('unwatch', { session });
      };
    },
    onInbox(listener) {
      inboxListeners.add(listener);
      return () => inboxListeners.delete(listener);
    },
    onNotice(listener) {
      noticeListeners.add(listener);
      return () => noticeListeners.delete(listener);
    },
  };
}

async function reconnect(socket: Socket, signIn: SignIn, refused: string | null): Promise<void> {
  try {
    if ((await signIn.renew(refused)) !== null) socket.connect();
  } catch {
    setTimeout(() => void reconnect(socket, signIn, refused), 5_000);
  }
}

/** The namespace `/display`: screens in rooms, each of one session, are sent the codes to show. */
import { callbackify } from 'node:util';
import type { Logger } from 'pino';
import type { Namespace, Server, Socket } from 'socket.io';
import { readMarkedCounts } from '../db/queries/live-sessions.ts';
import type { Orm } from '../db/orm.ts';
import { appError } from '../domain/errors.ts';
import type { Id } from '../domain/types.ts';
import { currentCode, currentKinds, kindOf } from '../operations/presence/current-code.ts';
import type { PresenceTools } from '../operations/presence/presence-tools.ts';
import type { Clock } from '../operations/ports.ts';
import { connectError } from './answer-messages.ts';
import { displayAuth, type CodeMessage, type DisplayCounts, type DisplayEnded } from './events.ts';

/** What `/display` needs of the process. */
export interface DisplayParts {
  readonly orm: Orm;
  readonly ids: { next(): Id };
  readonly clock: Clock;
  readonly logger: Logger;
  readonly presence: PresenceTools;
}

/** A running namespace. */
export interface DisplayNamespace {
  close(): Promise<void>;
}

interface ToClient {
  code: (message: CodeMessage) => void;
  counts: (message: DisplayCounts) => void;
  ended: (message: DisplayEnded) => void;
}
interface SocketData {
  sessionId: Id;
  expiresMs: number;
}
type None = Record<string, never>;
type DisplaySocket = Socket<None, ToClient, None, SocketData>;
type Displays = Namespace<None, ToClient, None, SocketData>;

const LOOK_EVERY_MS = 1_000;
/** After a failed read the next try comes soon; the screen blanks itself after two steps. */
const RETRY_MS = 1_000;

const roomOf = (sessionId: Id): string => `display:${sessionId}`;

/** Serves the namespace. Codes are made here, per process and step, and pushed; nobody asks for them. */
export function serveDisplays(server: Server, parts: DisplayParts): DisplayNamespace {
  const { orm, presence, logger, clock } = parts;
  // Socket.IO types one table of events per server; here each namespace has its own.
  const displays = server.of('/display') as unknown as Displays;
  /** The one running turn of each session; a turn that was overtaken arms no timer. */
  const shown = new Map<Id, { timer?: NodeJS.Timeout }>();
  const counted = new Map<Id, string>();
  /** The kind of each session's last code. */
  const kinds = new Map<Id, string>();
  const atWork = new Set<Promise<void>>();
  let isClosed = false;

  const socketsOf = (sessionId: Id): DisplaySocket[] =>
    [...(displays.adapter.rooms.get(roomOf(sessionId)) ?? [])].flatMap(
      (id) => displays.sockets.get(id) ?? [],
    );
  const end = (sockets: readonly DisplaySocket[], reason: DisplayEnded['reason']): void => {
    for (const socket of sockets) {
      socket.emit('ended', { reason });
      socket.disconnect(true);
    }
  };

  /** Sends the code of now to a session's screens and arms the timer of the next. */
  const show = async (sessionId: Id): Promise<void> => {
    const turn: { timer?: NodeJS.Timeout } = {};
    clearTimeout(shown.get(sessionId)?.timer);
    shown.set(sessionId, turn);
    const nowMs = clock.now().getTime();
    const sockets = socketsOf(sessionId);
    end(
      sockets.filter(({ data }) => data.expiresMs <= nowMs),
      'token_expired',
    );
    if (isClosed || socketsOf(sessionId).length === 0) {
      shown.delete(sessionId);
      counted.delete(sessionId);
      kinds.delete(sessionId);
      return;
    }
    const nextMs = await push(sessionId).catch((error: unknown) => {
      logger.warn({ err: error }, 'a code could not be shown');
      return RETRY_MS;
    });
    if (shown.get(sessionId) !== turn) return;
    if (nextMs === null) {
      shown.delete(sessionId);
      kinds.delete(sessionId);
      end(socketsOf(sessionId), 'closed');
      return;
    }
    if (!isClosed) turn.timer = setTimeout(() => start(sessionId), nextMs);
  };
  const start = (sessionId: Id): void => {
    const running = show(sessionId).finally(() => atWork.delete(running));
    atWork.add(running);
  };
  const push = async (sessionId: Id): Promise<number | null> => {
    const codes = await presence.codes();
    const code = await currentCode(orm.em.fork(), presence.clock, codes, sessionId);
    if (!code) return null;
    kinds.set(sessionId, kindOf(code));
    displays.to(roomOf(sessionId)).emit('code', {
      token: code.token,
      step: code.step,
      valid_ms: code.validMs,
      next_ms: code.nextInMs,
      text_code: code.textCode,
      mode: code.mode,
      purpose: code.purpose,
    });
    return code.nextInMs;
  };

  /** A re-check that began or ended, or another kind of code, shows at once, not a step later. */
  const follow = async (): Promise<void> => {
    if (shown.size === 0) return;
    for (const [sessionId, kind] of await currentKinds(orm.em.fork(), [...shown.keys()])) {
      const before = kinds.get(sessionId);
      if (before !== undefined && before !== kind) start(sessionId);
    }
  };
  const count = async (): Promise<void> => {
    if (shown.size === 0) return;
    for (const { sessionId, ...counts } of await readMarkedCounts(orm.em.fork(), [
      ...shown.keys(),
    ])) {
      const text = JSON.stringify(counts);
      if (counted.get(sessionId) === text) continue;
      counted.set(sessionId, text);
      displays.to(roomOf(sessionId)).emit('counts', counts);
    }
  };
  let looking: Promise<void> = Promise.resolve();
  const looker = setInterval(() => {
    looking = looking
      .then(follow)
      .then(count)
      .catch((error: unknown) => {
        logger.warn({ err: error }, 'what a screen shows could not be read');
      });
  }, LOOK_EVERY_MS).unref();

  const admit = callbackify(async (socket: DisplaySocket): Promise<void> => {
    const parsed = displayAuth.safeParse(socket.handshake.auth);
    const claims = parsed.success
      ? await presence.displayTokens.verify(parsed.data.display_token, clock.now())
      : undefined;
    if (!claims) {
      throw appError('unauthenticated', 'Send the display token of generate-qr.');
    }
    socket.data.sessionId = claims.sessionId;
    socket.data.expiresMs = claims.expiresMs;
  });
  displays.use((socket, next) => {
    admit(socket, (error) => (error ? next(connectError(parts, error)) : next()));
  });
  displays.on('connection', (socket) => {
    const { sessionId } = socket.data;
    void socket.join(roomOf(sessionId));
    // A screen that joins gets the code of now; the others are shown it once more.
    counted.delete(sessionId);
    start(sessionId);
  });

  return {
    async close() {
      isClosed = true;
      clearInterval(looker);
      for (const { timer } of shown.values()) clearTimeout(timer);
      await looking;
      await Promise.all(atWork);
    },
  };
}

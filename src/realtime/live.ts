/** The namespace `/live`: signed-in people watch sessions and hear of their requests. */
import { callbackify } from 'node:util';
import type { Logger } from 'pino';
import type { Namespace, Server, Socket } from 'socket.io';
import type { Authentication } from '../auth/authentication.ts';
import type { Principal } from '../auth/principal.ts';
import { findCaseAudience, type CaseState } from '../db/queries/live-cases.ts';
import type { Orm } from '../db/orm.ts';
import { appError, AppError } from '../domain/errors.ts';
import type { Id } from '../domain/types.ts';
import { answerMessages, connectError, limitMessages } from './answer-messages.ts';
import { createCaseTail } from './case-tail.ts';
import {
  handshakeAuth,
  sessionRequest,
  tokenRequest,
  type InboxMessage,
  type NoticeMessage,
  type SessionMessage,
} from './events.ts';
import { createNoticeTail } from './notice-tail.ts';
import { planDelivery } from './plan-delivery.ts';
import { parseMessage } from './problem.ts';
import { partRoom, roomsOf, rowRoom, sightOf, wholeRoom } from './session-sight.ts';
import { createSessionTail } from './session-tail.ts';
import { tokenBucket, type TokenBucket } from './token-bucket.ts';

/** What `/live` needs of the process. */
export interface LiveParts {
  readonly orm: Orm;
  readonly ids: { next(): Id };
  readonly logger: Logger;
  readonly authentication: Pick<Authentication, 'principals'>;
  readonly environment: { readonly rateLimitScale: number };
}

/** A running namespace. */
export interface LiveNamespace {
  /** Stops reading; the sockets are closed with the server. */
  close(): Promise<void>;
}

interface ToServer {
  watch: (message: unknown, answer: (reply: object) => void) => void;
  unwatch: (message: unknown) => void;
  token: (message: unknown, answer: (reply: object) => void) => void;
}
interface ToClient {
  session: (message: SessionMessage) => void;
  inbox: (message: InboxMessage) => void;
  notice: (message: NoticeMessage) => void;
}
interface SocketData {
  principal: Principal;
  token: string;
  /** Rooms by watched session. */
  watched: Map<Id, readonly string[]>;
  checkedAt: number;
}
type LiveSocket = Socket<ToServer, ToClient, Record<string, never>, SocketData>;
type Live = Namespace<ToServer, ToClient, Record<string, never>, SocketData>;

/** The limits of trust.md section 4.4. */
const MESSAGES = { perSecond: 20, burst: 40 };
const SOCKETS_MAX = 10;
const CONNECTS_PER_MINUTE = 30;
/** A screen shows a day's sessions at most. */
const WATCHED_MAX = 200;
/** Tokens are checked this often, rights every minute and at each change (trust.md section 5). */
const TOKENS_EVERY_MS = 2_000;
const RIGHTS_EVERY_MS = 60_000;

const userRoom = (userId: Id): string => `user:${userId}`;

/** Serves the namespace. */
export function serveLive(server: Server, parts: LiveParts): LiveNamespace {
  const { orm, authentication, environment, logger } = parts;
  // Socket.IO types one table of events per server; here each namespace has its own.
  const live = server.of('/live') as unknown as Live;
  const hasRoom = (room: string): boolean => live.adapter.rooms.has(room);

  const sessions = createSessionTail({
    orm,
    isWatched: (id) => hasRoom(wholeRoom(id)) || hasRoom(partRoom(id)),
    deliver(sessionId, after, events) {
      const { whole, part } = planDelivery(after, events);
      for (const message of whole) live.to(wholeRoom(sessionId)).emit('session', message);
      for (const { student, message } of part) {
        const room = student === null ? partRoom(sessionId) : rowRoom(sessionId, student);
        live.to(room).emit('session', message);
      }
    },
    onError: (error) => logger.warn({ err: error }, 'live events could not be read'),
  });
  const cases = createCaseTail({
    orm,
    changed: (state) => tellCase(live, orm, state),
    onError: (error) => logger.warn({ err: error }, 'changed requests could not be read'),
  });
  const notices = createNoticeTail({
    orm,
    people: () => peopleIn(live),
    told: ({ id, userId, kind }) => live.to(userRoom(userId)).emit('notice', { id, kind }),
    onError: (error) => logger.warn({ err: error }, 'new notifications could not be read'),
  });
  const check = (socket: LiveSocket, rights: boolean): Promise<void> =>
    checkSocket(parts, socket, rights).catch((error: unknown) => {
      logger.warn({ err: error }, 'the rights of a socket could not be checked');
    });

  const admit = callbackify(admission(parts, live));
  live.use((socket, next) => {
    admit(socket, (error) => (error ? next(connectError(parts, error)) : next()));
  });
  live.on('connection', (socket) => {
    void socket.join(userRoom(socket.data.principal.userId));
    cases.start();
    notices.start();
    const rate = environment.rateLimitScale;
    limitMessages(parts, socket, {
      perSecond: MESSAGES.perSecond * rate,
      burst: MESSAGES.burst * rate,
    });
    answerMessages(parts, socket, 'watch', sessionRequest, async ({ session }) => {
      await watch(parts, socket, session);
      return sessions.follow(session);
    });
    answerMessages(parts, socket, 'unwatch', sessionRequest, async ({ session }) => {
      unwatch(socket, session);
      return {};
    });
    answerMessages(parts, socket, 'token', tokenRequest, async ({ token }) => {
      await renew(parts, socket, token);
      return {};
    });
  });

  const stopListening = authentication.principals.onChange((userId) => {
    for (const socket of socketsIn(live, userRoom(userId))) void check(socket, true);
  });
  const sweep = setInterval(() => {
    const now = performance.now();
    for (const socket of live.sockets.values()) {
      void check(socket, now - socket.data.checkedAt > RIGHTS_EVERY_MS);
    }
  }, TOKENS_EVERY_MS).unref();

  return {
    async close() {
      stopListening();
      clearInterval(sweep);
      await Promise.all([sessions.close(), cases.close(), notices.close()]);
    },
  };
}

function socketsIn(live: Live, room: string): LiveSocket[] {
  return [...(live.adapter.rooms.get(room) ?? [])].flatMap((id) => live.sockets.get(id) ?? []);
}

/** Verifies the token of a handshake, and limits the sockets and connects of one person. */
function admission(
  { authentication, environment }: LiveParts,
  live: Live,
): (socket: LiveSocket) => Promise<void> {
  const scale = environment.rateLimitScale;
  const connects = new Map<Id, { readonly bucket: TokenBucket; usedAt: number }>();
  const allowance = {
    perSecond: (CONNECTS_PER_MINUTE * scale) / 60,
    burst: CONNECTS_PER_MINUTE * scale,
  };
  const forgetIdle = (now: number): void => {
    for (const [userId, { usedAt }] of connects) {
      if (now - usedAt > 60_000) connects.delete(userId);
    }
  };
  let sweptAt = performance.now();
  return async (socket) => {
    const token = tokenOf(socket.handshake.auth);
    const principal = await authentication.principals.byToken(token);
    const now = performance.now();
    if (now - sweptAt > 60_000) {
      sweptAt = now;
      forgetIdle(now);
    }
    const known = connects.get(principal.userId) ?? { bucket: tokenBucket(allowance), usedAt: now };
    known.usedAt = now;
    connects.set(principal.userId, known);
    const open = live.adapter.rooms.get(userRoom(principal.userId))?.size ?? 0;
    if (!known.bucket.take() || open >= SOCKETS_MAX * scale) {
      throw appError('rate_limited', 'Too many connections of one person; close some and wait.');
    }
    socket.data.principal = principal;
    socket.data.token = token;
    socket.data.watched = new Map();
    socket.data.checkedAt = now;
  };
}

function tokenOf(auth: unknown): string {
  const parsed = handshakeAuth.safeParse(auth);
  if (parsed.success) return parsed.data.token;
  throw appError('unauthenticated', 'Send an access token as auth.token of the handshake.');
}

/** Joins the rooms of a session. @throws AppError `not_found`, `forbidden`, `unauthenticated` */
async function watch({ orm, authentication }: LiveParts, socket: LiveSocket, session: Id) {
  const { data } = socket;
  if (data.watched.size >= WATCHED_MAX && !data.watched.has(session)) {
    throw appError('rate_limited', `Watch at most ${WATCHED_MAX} sessions; unwatch others first.`);
  }
  const principal = await authentication.principals.byToken(data.token);
  const sight = await sightOf(orm.em.fork(), principal, session);
  enter(socket, session, roomsOf(session, sight));
}

/** Makes `rooms` the rooms of a session; a socket that left meanwhile joins nothing. */
function enter(socket: LiveSocket, session: Id, rooms: readonly string[]): void {
  if (!socket.connected) return;
  const before = socket.data.watched.get(session) ?? [];
  for (const room of before) if (!rooms.includes(room)) void socket.leave(room);
  void socket.join([...rooms]);
  socket.data.watched.set(session, rooms);
}

function unwatch(socket: LiveSocket, session: Id): void {
  for (const room of socket.data.watched.get(session) ?? []) void socket.leave(room);
  socket.data.watched.delete(session);
}

async function renew({ authentication }: LiveParts, socket: LiveSocket, given: string) {
  const { token } = parseMessage(tokenRequest, { token: given });
  const principal = await authentication.principals.byToken(token);
  if (principal.userId !== socket.data.principal.userId) {
    throw appError('forbidden', 'The token belongs to someone else; open a connection for them.');
  }
  socket.data.principal = principal;
  socket.data.token = token;
}

/** Ends a socket whose token died; leaves the rooms of sessions that went out of scope. */
async function checkSocket(
  { orm, authentication }: LiveParts,
  socket: LiveSocket,
  rights: boolean,
): Promise<void> {
  const { data } = socket;
  try {
    data.principal = await authentication.principals.byToken(data.token);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    socket.disconnect(true);
    return;
  }
  if (!rights) return;
  data.checkedAt = performance.now();
  for (const session of data.watched.keys()) {
    try {
      enter(
        socket,
        session,
        roomsOf(session, await sightOf(orm.em.fork(), data.principal, session)),
      );
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      unwatch(socket, session);
    }
  }
}

const peopleIn = (live: Live): Id[] => [
  ...new Set([...live.sockets.values()].map(({ data }) => data.principal.userId)),
];

/** Tells the connected people whom a request concerns how it stands. */
async function tellCase(live: Live, orm: Orm, state: CaseState): Promise<void> {
  const people = peopleIn(live);
  if (people.length === 0) return;
  const { kind, id, status } = state;
  for (const person of await findCaseAudience(orm.em.fork(), state, people)) {
    live.to(userRoom(person)).emit('inbox', { kind, id, status });
  }
}

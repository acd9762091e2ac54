/** The namespace `/gateway`: gateways prove who they are and send the events of their terminals. */
import { randomBytes } from 'node:crypto';
import type { Namespace, Server, Socket } from 'socket.io';
import { helloMessage, signedMessage, type challengeMessage } from '../devices/gateway-messages.ts';
import { gatewayPublicKey, helloContent, isSignedBy } from '../devices/gateway-signature.ts';
import { receiveEvents } from '../devices/receive-events.ts';
import { appError, AppError } from '../domain/errors.ts';
import type { Id } from '../domain/types.ts';
import { recordDeviceAlert } from '../operations/devices/device-alerts.ts';
import { findGatewayKey, noteContact, usableKeys } from '../operations/devices/gateway-keys.ts';
import { operationFor, type OperationParts } from '../operations/operation-for.ts';
import type { Actor, Operation } from '../operations/ports.ts';
import { networkOf } from '../security/network.ts';
import { answerMessages, limitMessages, type AnswerParts } from './answer-messages.ts';
import { parseMessage } from './problem.ts';
import type { z } from 'zod';

/** What `/gateway` needs of the process. */
export interface GatewayParts extends OperationParts, AnswerParts {
  readonly environment: { readonly rateLimitScale: number };
}

/** A running namespace. */
export interface GatewayNamespace {
  close(): Promise<void>;
}

interface ToServer {
  hello: (message: unknown, answer: (reply: object) => void) => void;
  events: (message: unknown, answer: (reply: object) => void) => void;
}
interface ToClient {
  challenge: (message: z.output<typeof challengeMessage>) => void;
}
interface SocketData {
  /** The challenge of this socket; taken away by the first try. */
  challenge: string | undefined;
  gateway: { readonly id: Id; readonly kid: string } | undefined;
}
type GatewaySocket = Socket<ToServer, ToClient, Record<string, never>, SocketData>;
type Gateways = Namespace<ToServer, ToClient, Record<string, never>, SocketData>;

const HELLO_WITHIN_MS = 10_000;
/** 600 messages per minute (trust.md section 4.4). */
const MESSAGES = { perSecond: 10, burst: 100 };
const KEYS_EVERY_MS = 1_000;
/** Alerts of the same kind and gateway are grouped (devices.md section 6). */
const ALERT_EVERY_MS = 3_600_000;
const ALERTS_MAX = 100;

/** Serves the namespace. */
export function serveGateways(server: Server, parts: GatewayParts): GatewayNamespace {
  const scale = parts.environment.rateLimitScale;
  // Socket.IO types one table of events per server; here each namespace has its own.
  const gateways = server.of('/gateway') as unknown as Gateways;
  const raiseAlert = alertsOf(parts);

  gateways.on('connection', (socket) => {
    const deadline = setTimeout(() => socket.disconnect(true), HELLO_WITHIN_MS);
    socket.once('disconnect', () => clearTimeout(deadline));
    limitMessages(parts, socket, {
      perSecond: MESSAGES.perSecond * scale,
      burst: MESSAGES.burst * scale,
    });
    answerMessages(parts, socket, 'hello', helloMessage, async (message) => {
      try {
        await admit(parts, socket, message);
      } catch (error) {
        await raiseAlert(socket, message.gateway_id, error).finally(() => {
          // One socket has one try; the answer leaves before the immediate runs.
          setImmediate(() => socket.disconnect(true));
        });
        throw error;
      }
      clearTimeout(deadline);
      return { server_time: parts.clock.now().toISOString() };
    });
    answerMessages(parts, socket, 'events', signedMessage, async (message) => {
      const { gateway } = socket.data;
      if (!gateway) throw appError('unauthenticated', 'Answer the challenge with hello first.');
      const operation = operationFor(parts, actorOf(socket, message.message_id));
      try {
        return await receiveEvents(operation, gateway.id, message, parseMessage);
      } catch (error) {
        await raiseAlert(socket, gateway.id, error);
        throw error;
      }
    });
    socket.data.challenge = randomBytes(32).toString('base64url');
    socket.emit('challenge', {
      challenge: socket.data.challenge,
      server_time: parts.clock.now().toISOString(),
    });
  });

  return endRevoked(gateways, parts);
}

/** @throws AppError `signature_invalid`, also for an unknown gateway or key */
async function admit(
  parts: GatewayParts,
  socket: GatewaySocket,
  { gateway_id: gatewayId, kid, signature }: z.output<typeof helloMessage>,
): Promise<void> {
  const { challenge } = socket.data;
  socket.data.challenge = undefined;
  if (challenge === undefined) {
    throw appError('signature_invalid', 'The challenge was used; open a new connection.');
  }
  const em = parts.orm.em.fork();
  const key = await findGatewayKey(em, kid);
  const isProven =
    key?.gatewayId === gatewayId &&
    isSignedBy(gatewayPublicKey(key.publicKey), helloContent(gatewayId, challenge), signature);
  if (!isProven) {
    throw appError('signature_invalid', 'Sign gw-hello:v1.<gateway_id>.<challenge>.');
  }
  await noteContact(em, gatewayId, []);
  socket.data.gateway = { id: gatewayId, kid };
}

function actorOf(socket: GatewaySocket, requestId: string | null): Actor {
  return {
    userId: null,
    role: 'gateway',
    channel: 'socket',
    requestId,
    workflowId: null,
    ipNet: networkOf(socket.conn.remoteAddress),
    userAgentHash: null,
  };
}

const ALERTED = new Set(['signature_invalid', 'message_id_reused']);

/** Records refusals that should not happen, once per hour, kind and gateway of this process. */
function alertsOf(parts: GatewayParts) {
  const raisedAt = new Map<string, number>();
  return async (socket: GatewaySocket, gatewayId: Id, error: unknown): Promise<void> => {
    if (!(error instanceof AppError) || !ALERTED.has(error.code)) return;
    const key = `${gatewayId}:${error.code}`;
    const now = performance.now();
    for (const [old, at] of raisedAt) if (now - at > ALERT_EVERY_MS) raisedAt.delete(old);
    // Ids in a refused hello are anyone's invention, so they must not fill the trail.
    if (raisedAt.has(key) || raisedAt.size >= ALERTS_MAX) return;
    raisedAt.set(key, now);
    const operation: Operation = operationFor(parts, actorOf(socket, null));
    await recordDeviceAlert(operation, gatewayId, error.code);
  };
}

/** Ends the sockets of keys that were revoked; messages are refused before that already. */
function endRevoked(gateways: Gateways, { orm, logger }: GatewayParts): GatewayNamespace {
  let running: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    const sockets = [...gateways.sockets.values()].filter(({ data }) => data.gateway);
    if (sockets.length === 0) return;
    const kids = sockets.flatMap(({ data }) => data.gateway?.kid ?? []);
    const usable = await usableKeys(orm.em.fork(), kids);
    for (const socket of sockets) {
      if (!usable.has(socket.data.gateway?.kid ?? '')) socket.disconnect(true);
    }
  };
  const timer = setInterval(() => {
    running = running.then(look).catch((error: unknown) => {
      logger.warn({ err: error }, 'keys of gateways could not be checked');
    });
  }, KEYS_EVERY_MS).unref();
  return {
    async close() {
      clearInterval(timer);
      await running;
    },
  };
}

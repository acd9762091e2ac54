/** Attaches Socket.IO with its namespaces to the HTTP server of the API. */
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import type { Environment } from '../config/env.ts';
import { serveDisplays, type DisplayParts } from './display.ts';
import { serveGateways, type GatewayParts } from './gateway.ts';
import { serveLive, type LiveParts } from './live.ts';
import { endSlowClients } from './slow-clients.ts';

/** What the sockets need of the process; `Deps` of deps.ts fits. */
export interface SocketParts extends LiveParts, DisplayParts, GatewayParts {
  readonly environment: Environment;
}

/** The running sockets. */
export interface Sockets {
  /** Ends every connection, so that clients connect elsewhere, and stops reading. */
  close(): Promise<void>;
}

/** Path of the transport; the dashboard and docs/api.md name it too. */
const PATH = '/socket.io';
/** The body of a gateway's message has at most 16 KB; quoted inside another JSON it grows. */
const MESSAGE_BYTES_MAX = 32 * 1024;
/** A connection that joined no namespace by then is ended. */
const JOIN_WITHIN_MS = 10_000;

/**
 * Attaches the sockets. Connection state recovery stays off: it would skip the checks of the
 * handshake, and clients ask for missed events by number (trust.md section 5).
 */
export function createSockets(httpServer: HttpServer, parts: SocketParts): Sockets {
  const { publicOrigins } = parts.environment;
  const server = new Server(httpServer, {
    path: PATH,
    serveClient: false,
    maxHttpBufferSize: MESSAGE_BYTES_MAX,
    connectTimeout: JOIN_WITHIN_MS,
    cors: { origin: [...publicOrigins], methods: ['GET', 'POST'] },
    allowRequest: (request, decide) => {
      decide(null, isOwnOrigin(request, publicOrigins));
    },
  });
  // Socket.IO opens its root namespace to everyone; nothing is served there.
  server.use((_socket, next) => next(new Error('not_found')));
  const live = serveLive(server, parts);
  const displays = serveDisplays(server, parts);
  const gateways = serveGateways(server, parts);
  const slowClients = endSlowClients(server);
  return {
    async close() {
      slowClients.stop();
      await Promise.all([live.close(), displays.close(), gateways.close()]);
      // The engine alone: `server.close` would also close the HTTP server, which is its owner's.
      server.engine.close();
    },
  };
}

/** Browsers name the page that asks; programs send no `Origin`. */
function isOwnOrigin({ headers }: IncomingMessage, publicOrigins: readonly string[]): boolean {
  const { origin, host } = headers;
  if (origin === undefined || publicOrigins.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

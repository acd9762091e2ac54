/** Ends connections that do not read what they are sent (trust.md section 5). */
import type { Server } from 'socket.io';

const LOOK_EVERY_MS = 2_000;
const QUEUED_MAX = 100;

/**
 * Looks at the queue of every connection. One that is too long twice in a row belongs to a client
 * that cannot follow; ended, it comes back and asks for what it missed.
 */
export function endSlowClients(server: Server): { stop(): void } {
  let suspects = new WeakSet();
  const timer = setInterval(() => {
    const seen = new WeakSet();
    for (const connection of connectionsOf(server)) {
      if (queuedPackets(connection) <= QUEUED_MAX) continue;
      if (suspects.has(connection)) connection.close();
      else seen.add(connection);
    }
    suspects = seen;
  }, LOOK_EVERY_MS).unref();
  return { stop: () => clearInterval(timer) };
}

interface Connection {
  close(): void;
}

function connectionsOf(server: Server): Set<Connection> {
  const connections = new Set<Connection>();
  for (const name of ['/live', '/gateway']) {
    for (const { conn } of server.of(name).sockets.values()) connections.add(conn);
  }
  return connections;
}

/** engine.io keeps what it could not write yet in `writeBuffer`, which its types hide. */
function queuedPackets(connection: Connection): number {
  const queue: unknown = Reflect.get(connection, 'writeBuffer');
  return Array.isArray(queue) ? queue.length : 0;
}

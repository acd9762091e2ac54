/** Finds ports: a wanted one, the next free one, or any. */
import { createServer } from 'node:net';

/** Says whether a port of the loopback interface can be listened on. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) !== null;
}

/** Any free port. */
export async function anyFreePort(): Promise<number> {
  const port = await listenOnce(0);
  if (port === null) throw new Error('no free port could be found');
  return port;
}

const SEARCHED_PORTS = 200;

/** The first free port from `from` on. */
export async function nextFreePort(from: number): Promise<number> {
  for (let port = from; port < from + SEARCHED_PORTS; port += 1) {
    if (await isPortFree(port)) return port;
  }
  throw new Error(`no free port from ${from} to ${from + SEARCHED_PORTS}`);
}

function listenOnce(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      const found = typeof address === 'object' && address ? address.port : null;
      server.close(() => resolve(found));
    });
  });
}

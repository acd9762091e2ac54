/** A signed-in user of the running system, over HTTP and sockets as any client would be. */
import { io, type Socket } from 'socket.io-client';
import { v7 } from 'uuid';

type Json = Readonly<Record<string, unknown>>;

interface SignedIn {
  readonly access_token: string;
  readonly user: { readonly id: string; readonly email: string };
}

/** An answer other than 2xx. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(call: string, status: number, problem: Json) {
    super(`${call} answered ${status} ${JSON.stringify(problem)}`);
    this.status = status;
    this.code = typeof problem['code'] === 'string' ? problem['code'] : '';
  }
}

/** One user with one token. */
export class DemoClient {
  readonly #api: string;
  readonly #token: string;
  readonly user: SignedIn['user'];

  private constructor(api: string, token: string, user: SignedIn['user']) {
    this.#api = api;
    this.#token = token;
    this.user = user;
  }

  /** Signs in. @throws Refused */
  static async signIn(api: string, email: string, password: string): Promise<DemoClient> {
    const answer = await send<SignedIn>(api, 'POST', '/api/v1/auth/login', { email, password });
    return new DemoClient(api, answer.access_token, answer.user);
  }

  /** GET of a path below `/api/v1/`. @throws Refused */
  get<T>(path: string): Promise<T> {
    return send(this.#api, 'GET', `/api/v1/${path}`, undefined, this.#token);
  }

  /** POST with an Idempotency-Key of its own. @throws Refused */
  post<T>(path: string, body: Json): Promise<T> {
    return send(this.#api, 'POST', `/api/v1/${path}`, body, this.#token);
  }

  /** A connected socket of the namespace /live; the caller disconnects it. */
  async live(): Promise<Socket> {
    const socket = io(`${this.#api}/live`, {
      auth: { token: this.#token },
      transports: ['websocket'],
      reconnection: false,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return socket;
  }
}

async function send<T>(
  api: string,
  method: string,
  path: string,
  body: Json | undefined,
  token?: string,
): Promise<T> {
  const reply = await fetch(`${api}${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'POST' ? { 'idempotency-key': v7() } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  const answer: Json = text === '' ? {} : (JSON.parse(text) as Json);
  if (!reply.ok) throw new Refused(`${method} ${path}`, reply.status, answer);
  return answer as T;
}

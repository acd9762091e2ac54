/** Makes AsyncAPI 3 from the schemas of the sockets, so that the document cannot differ from the code. */
import { z } from 'zod';
import {
  challengeMessage,
  eventsBody,
  eventsReply,
  helloMessage,
  helloReply,
  signedMessage,
} from '../devices/gateway-messages.ts';
import {
  codeMessage,
  displayAuth,
  displayCounts,
  displayEnded,
  doneReply,
  handshakeAuth,
  inboxMessage,
  noticeMessage,
  refusedReply,
  sessionMessage,
  sessionRequest,
  tokenRequest,
  watchReply,
} from './events.ts';

type Json = Record<string, unknown>;

/** One event of a namespace: who sends it, and the acknowledgement it gets. */
interface SocketEvent {
  readonly name: string;
  readonly from: 'client' | 'server';
  readonly summary: string;
  readonly payload: z.ZodType;
  readonly answer?: z.ZodType;
}

/** A namespace with its events. */
interface SocketChannel {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** The members of `auth` in the handshake, where there are any. */
  readonly auth?: z.ZodType;
  readonly events: readonly SocketEvent[];
}

const LIVE: SocketChannel = {
  name: 'live',
  title: 'Live screens',
  description:
    'Signed-in people watch sessions and hear of their requests. The handshake carries the access token in `auth.token`. Only committed facts are sent, in the order of their numbers.',
  auth: handshakeAuth,
  events: [
    {
      name: 'watch',
      from: 'client',
      summary: 'Follow a session; the events after `seq` follow',
      payload: sessionRequest,
      answer: watchReply,
    },
    {
      name: 'unwatch',
      from: 'client',
      summary: 'Stop following a session',
      payload: sessionRequest,
      answer: doneReply,
    },
    {
      name: 'token',
      from: 'client',
      summary: 'Renew the sign-in of a long-lived socket',
      payload: tokenRequest,
      answer: doneReply,
    },
    {
      name: 'session',
      from: 'server',
      summary: 'One committed fact of a watched session',
      payload: sessionMessage,
    },
    {
      name: 'inbox',
      from: 'server',
      summary: 'A request that waits for the person, or the own one, changed',
      payload: inboxMessage,
    },
    {
      name: 'notice',
      from: 'server',
      summary: 'The person has a new notification',
      payload: noticeMessage,
    },
  ],
};

const DISPLAY: SocketChannel = {
  name: 'display',
  title: 'Screens that show codes',
  description:
    'The screen of one session. The handshake carries the display token of `generate-qr` in `auth.display_token`; codes go to these sockets alone.',
  auth: displayAuth,
  events: [
    {
      name: 'code',
      from: 'server',
      summary: 'The code to show now; blank the screen when none came for two steps',
      payload: codeMessage,
    },
    {
      name: 'counts',
      from: 'server',
      summary: 'How many of the class are marked',
      payload: displayCounts,
    },
    {
      name: 'ended',
      from: 'server',
      summary: 'There is nothing more to show',
      payload: displayEnded,
    },
  ],
};

const GATEWAY: SocketChannel = {
  name: 'gateway',
  title: 'Biometric gateways',
  description:
    'Gateways sign the challenge, then every message, with Ed25519 (docs/devices.md). An answer means that the events are committed; what was not answered is sent again.',
  events: [
    {
      name: 'challenge',
      from: 'server',
      summary: 'What to sign in `hello`',
      payload: challengeMessage,
    },
    {
      name: 'hello',
      from: 'client',
      summary: 'The signed challenge',
      payload: helloMessage,
      answer: helloReply,
    },
    {
      name: 'events',
      from: 'client',
      summary: 'A signed message; `body` is the JSON of the schema GatewayEventsBody',
      payload: signedMessage,
      answer: eventsReply,
    },
  ],
};

/** Builds the AsyncAPI 3 document of the sockets. */
export function buildAsyncApi(version: string): Json {
  const channels = [LIVE, DISPLAY, GATEWAY];
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'CampsHub360 Attendance: sockets',
      version,
      description:
        'Socket.IO 4 on the path /socket.io of the API. Every client message may carry an acknowledgement callback; its answer is `{ok: true, ...}` or `{ok: false, problem}`.',
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(channels.map((channel) => [channel.name, channelOf(channel)])),
    operations: Object.assign({}, ...channels.map(operationsOf)) as Json,
    components: {
      schemas: { Refused: schemaOf(refusedReply), GatewayEventsBody: schemaOf(eventsBody) },
    },
  };
}

const answerName = (event: SocketEvent): string => `${event.name}_answer`;

function channelOf({ name, title, description, auth, events }: SocketChannel): Json {
  const messages = events.flatMap((event) => [
    [event.name, messageOf(event.name, event.summary, schemaOf(event.payload))],
    ...(event.answer ? [[answerName(event), answerOf(event, event.answer)]] : []),
  ]);
  return {
    address: `/${name}`,
    title,
    description,
    messages: Object.fromEntries(messages) as Json,
    ...(auth ? { 'x-handshake-auth': schemaOf(auth) } : {}),
  };
}

function messageOf(name: string, summary: string, payload: Json): Json {
  return { name, summary, payload };
}

function answerOf(event: SocketEvent, answer: z.ZodType): Json {
  const payload = { oneOf: [schemaOf(answer), { $ref: '#/components/schemas/Refused' }] };
  return messageOf(answerName(event), `The acknowledgement of ${event.name}`, payload);
}

/** Operations are named from the server's side: it receives what clients send. */
function operationsOf({ name, events }: SocketChannel): Json {
  const channel = { $ref: `#/channels/${name}` };
  const message = (key: string): Json => ({ $ref: `#/channels/${name}/messages/${key}` });
  return Object.fromEntries(
    events.map((event) => [
      `${name}_${event.name}`,
      {
        action: event.from === 'client' ? 'receive' : 'send',
        channel,
        summary: event.summary,
        messages: [message(event.name)],
        ...(event.answer ? { reply: { channel, messages: [message(answerName(event))] } } : {}),
      },
    ]),
  );
}

function schemaOf(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' }) as Json;
  return rest;
}

/** The machine-readable description of the API and its reference page. */
import { z } from 'zod';
import type { ApiDeps } from '../api-deps.ts';
import { buildAsyncApi } from '../../realtime/asyncapi.ts';
import { buildOpenApi, type OpenApiDocument } from '../openapi/build-openapi.ts';
import { authorize, publicAccess, route, type Route } from '../route.ts';
import { REFERENCE_SCRIPT, referencePage, referenceScript } from './reference-page.ts';

const VERSION = '1.0.0';

/**
 * The routes of the description; in production they take `operate` (trust.md section 11, 13.4).
 * @param others  the routes to describe
 */
export function docsRoutes({ environment }: ApiDeps, others: readonly Route[]): Route[] {
  const access = environment.isProduction ? authorize('operate') : publicAccess;
  let made: OpenApiDocument | undefined;
  const document = (): OpenApiDocument => (made ??= buildOpenApi([...others, ...own], VERSION));
  const own: Route[] = [
    route({
      method: 'get',
      path: '/api/v1/openapi.json',
      summary: 'This description as OpenAPI 3.1',
      tag: 'Reference',
      access,
      replies: { 200: z.looseObject({ openapi: z.string() }) },
      errors: [],
      handler: async () => ({ status: 200, body: document() }),
    }),
    route({
      method: 'get',
      path: '/api/v1/asyncapi.json',
      summary: 'The sockets as AsyncAPI 3',
      tag: 'Reference',
      access,
      replies: { 200: z.looseObject({ asyncapi: z.string() }) },
      errors: [],
      handler: async () => ({ status: 200, body: buildAsyncApi(VERSION) }),
    }),
    route({
      method: 'get',
      path: '/api/docs',
      summary: 'This description as a page',
      tag: 'Reference',
      access,
      replies: { 200: z.string() },
      errors: [],
      handler: async () => text(referencePage, 'text/html'),
    }),
    route({
      method: 'get',
      path: REFERENCE_SCRIPT,
      summary: 'The script of that page',
      tag: 'Reference',
      access,
      replies: { 200: z.string() },
      errors: [],
      handler: async () => text(referenceScript, 'text/javascript'),
    }),
  ];
  return own;
}

function text(body: string, type: string) {
  return { status: 200 as const, body, headers: { 'Content-Type': `${type}; charset=utf-8` } };
}

/** The machine-readable description of the API and its reference page. */
import { z } from 'zod';
import type { ApiDeps } from '../api-deps.ts';
import { nonceOf } from '../middleware/security-headers.ts';
import { buildAsyncApi } from '../../realtime/asyncapi.ts';
import { buildOpenApi, type OpenApiDocument } from '../openapi/build-openapi.ts';
import { authorize, publicAccess, route, type Route } from '../route.ts';
import { referencePage } from './reference-page.ts';

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
      handler: async ({ request }) => {
        if (!request.res) throw new Error('the request has no response');
        return {
          status: 200,
          body: referencePage(document(), nonceOf(request.res)),
          headers: { 'Content-Type': 'text/html; charset=utf-8' },
        };
      },
    }),
  ];
  return own;
}

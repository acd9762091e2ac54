/** Serves the built dashboard from web/dist: hashed files for ever, one page for every screen. */
import express, { type RequestHandler, Router } from 'express';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { appError } from '../../domain/errors.ts';
import { nonceOf } from './security-headers.ts';

/** Paths that are never a screen of the dashboard. */
const NOT_SCREENS = /^\/(api|health|metrics|socket\.io)(\/|$)/;
/** The build writes this text where the reply's nonce belongs. */
const NONCE_MARK = /__CSP_NONCE__/g;

/** Files of the dashboard, and its page for any other path a browser opens. */
export function dashboard(folder: string): RequestHandler {
  const router = Router();
  router.use(
    express.static(folder, {
      index: false,
      setHeaders: (response, file) => {
        const isHashed = path.relative(folder, file).startsWith(`assets${path.sep}`);
        response.setHeader(
          'Cache-Control',
          isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
        );
      },
    }),
  );
  router.use(async (request, response, next) => {
    const isScreen =
      request.method === 'GET' && !NOT_SCREENS.test(request.path) && request.accepts('html');
    if (!isScreen) {
      next();
      return;
    }
    const page = await readPage(path.join(folder, 'index.html'));
    response
      .setHeader('Cache-Control', 'no-store')
      .type('html')
      .send(page.replace(NONCE_MARK, nonceOf(response)));
  });
  return router;
}

async function readPage(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw appError('not_found', 'The dashboard is not built; run npm run build.', { cause });
  }
}

/** The OpenAPI document: complete, resolvable, and true to the table of errors. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startTestApi, textOf, type ApiReply, type Json, type TestApi } from '../../../test/api.ts';
import { makeUser } from '../../../test/factories.ts';
import { ERRORS } from '../../domain/errors.ts';

let api: TestApi;
let reply: ApiReply;
beforeAll(async () => {
  api = await startTestApi();
  reply = await api.request('GET', '/api/v1/openapi.json');
});
afterAll(() => api.close());

interface Listed {
  readonly name: string;
  readonly path: string;
  readonly operation: Json;
}

function operations(): Listed[] {
  return Object.entries(reply.body['paths'] ?? {}).flatMap(([route, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method} ${route}`,
      path: route,
      operation,
    })),
  );
}

const values = (json: Json | undefined): Json[] => Object.values(json ?? {});

describe('GET /api/v1/openapi.json', () => {
  it('is OpenAPI 3.1 with every route under the paths people call', () => {
    expect(reply.status).toBe(200);
    expect(reply.body['openapi']).toBe('3.1.0');
    expect(operations().map(({ name }) => name)).toEqual(
      expect.arrayContaining(['post /api/v1/auth/login', 'get /api/v1/attendance/sessions/{id}']),
    );
  });

  it('gives every operation an id of its own, a summary, an answer and its path parameters', () => {
    const ids = operations().map(({ operation }) => operation['operationId']);

    expect(new Set(ids).size).toBe(ids.length);
    for (const { name, path: route, operation } of operations()) {
      const declared = values(operation['parameters'])
        .filter((parameter) => textOf(parameter['in']) === 'path')
        .map((parameter) => textOf(parameter['name']));
      const inPath = [...route.matchAll(/\{(\w+)\}/g)].map((found) => found[1]);
      expect([name, declared]).toEqual([name, inPath]);
      expect(
        Object.keys(operation['responses'] ?? {}).some((status) => status.startsWith('2')),
      ).toBe(true);
    }
  });

  it('resolves every reference', () => {
    const references = [...JSON.stringify(reply.body).matchAll(/"\$ref":"([^"]+)"/g)];

    expect(references.length).toBeGreaterThan(0);
    for (const [, reference = ''] of references) {
      const target = reference
        .replace(/^#\//, '')
        .split('/')
        .reduce<Json | undefined>((json, key) => json?.[key], reply.body);
      expect([reference, target === undefined]).toEqual([reference, false]);
    }
  });

  it('documents every code of the error table, each with an operation that can answer it', () => {
    const text = JSON.stringify(operations().map(({ operation }) => operation['responses']));
    const undocumented = Object.keys(ERRORS).filter((code) => !text.includes(`\`${code}\``));

    expect(undocumented.filter((code) => !ELSEWHERE.has(code))).toEqual([]);
    expect(values(reply.body['x-error-codes'])).toHaveLength(Object.keys(ERRORS).length);
  });

  it('has no code that nothing uses', () => {
    const sources = sourceFiles().map((file) => readFileSync(file, 'utf8'));
    const unused = Object.keys(ERRORS).filter(
      (code) => !sources.some((source) => source.includes(`'${code}'`)),
    );

    expect(unused).toEqual([]);
  });

  it('is for operators only in production', async () => {
    const production = await startTestApi({
      variables: {
        NODE_ENV: 'production',
        SECRET_KEY: 's'.repeat(32),
        ENCRYPTION_KEY: 'e'.repeat(32),
        METRICS_TOKEN: 'm'.repeat(32),
      },
    });
    try {
      const { email } = await makeUser(production.em(), { roles: ['admin'] });
      const token = await production.signIn(email);
      const status = async (target: string, bearer?: string): Promise<number> =>
        (await production.request('GET', target, bearer ? { token: bearer } : {})).status;

      expect(await status('/api/v1/openapi.json')).toBe(401);
      expect(await status('/api/v1/openapi.json', token)).toBe(200);
      expect(await status('/api/docs')).toBe(401);
      expect(await status('/metrics')).toBe(401);
      expect(await status('/metrics', token)).toBe(200);
      expect(await status('/metrics', 'm'.repeat(32))).toBe(200);
      expect(await status('/metrics', 'n'.repeat(32))).toBe(401);
    } finally {
      await production.close();
    }
  });
});

describe('GET /api/docs', () => {
  it('is a page whose every file comes from this server', async () => {
    const page = await api.request('GET', '/api/docs');
    const html = textOf(page.body['text']);

    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(html).not.toMatch(/https?:\/\/|\/\/[a-z]+\.[a-z]| style="|<script>/i);
    const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) expect((await api.request('GET', file)).status).toBe(200);
  });
});

/** Codes that arise outside HTTP; they are in the table of the document. */
const ELSEWHERE = new Set<string>([
  'outside_window',
  'channel_disabled',
  'signature_invalid',
  'timestamp_out_of_window',
  'message_id_reused',
]);

function sourceFiles(): string[] {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter(
      (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.endsWith('errors.ts'),
    )
    .map((file) => path.join(root, file));
}

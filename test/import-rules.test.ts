import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const OXLINT = join(
  dirname(createRequire(import.meta.url).resolve('oxlint/package.json')),
  'bin',
  'oxlint',
);

/** A file, an import it must not have, and one it may have (the table of the layout). */
const RULES: readonly (readonly [file: string, forbidden: string, allowed: string])[] = [
  ['src/domain/session/x.ts', '../../db/orm.ts', '../types.ts'],
  ['src/domain/session/y.ts', 'node:crypto', '../errors.ts'],
  ['src/domain/z.ts', 'zod', './types.ts'],
  ['src/security/x.ts', '../db/orm.ts', 'node:crypto'],
  ['src/config/x.ts', '../operations/ports.ts', 'zod'],
  ['src/audit/x.ts', '../operations/ports.ts', '../db/orm.ts'],
  ['src/db/queries/x.ts', '../../operations/ports.ts', '../../domain/types.ts'],
  ['src/auth/x.ts', '../api/route.ts', 'passport'],
  ['src/operations/sessions/x.ts', '../../api/route.ts', '../../db/orm.ts'],
  ['src/operations/sessions/y.ts', '@temporalio/client', '../../audit/append-log.ts'],
  ['src/operations/sessions/z.ts', 'express', '../ports.ts'],
  ['src/operations/records/x.ts', '@temporalio/common', '../ports.ts'],
  ['src/workflows/x.ts', 'node:fs', '@temporalio/workflow'],
  ['src/workflows/y.ts', '../operations/ports.ts', '../domain/types.ts'],
  ['src/workflows/z.ts', '../activities/sessions.ts', './contract.ts'],
  ['src/activities/x.ts', '../api/route.ts', '../operations/ports.ts'],
  ['src/temporal/x.ts', '../api/route.ts', '@temporalio/client'],
  ['src/temporal/y.ts', '@temporalio/worker', '../workflows/contract.ts'],
  ['src/realtime/x.ts', 'express', 'socket.io'],
  ['src/devices/x.ts', '../api/route.ts', '../domain/types.ts'],
  ['src/mail/x.ts', '../temporal/client.ts', 'nodemailer'],
  ['src/api/leave/x.ts', '../../activities/cases.ts', 'express'],
  ['src/api/records/x.ts', '../../temporal/client.ts', '../route.ts'],
  ['src/workers/x.ts', '../operations/ports.ts', '@temporalio/worker'],
  ['src/threads/x.ts', '../api/route.ts', '../deps.ts'],
  ['src/provision/x.ts', '../operations/ports.ts', 'pg'],
  ['src/deps.ts', './api/route.ts', './db/orm.ts'],
  ['src/api/leave/y.ts', '../../../test/api.ts', '../fields.ts'],
  ['src/operations/sessions/w.ts', '../../deps.ts', '../ports.ts'],
  ['web/src/sessions/x.ts', '../../../src/domain/types.ts', '../shell/theme.ts'],
  ['web/src/sessions/y.ts', '../../../src/api/sessions/schema.ts', 'react'],
];

/** The composition root is one file, so no second file of its row can show what it may. */
const WITH_CONTROL = RULES.filter(([file]) => file !== 'src/deps.ts');

/** Folders whose code may import anything. */
const FREE = new Set(['cli']);

let folder: string;
let reported: ReadonlyMap<string, readonly string[]>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'campshub360-rules-'));
  cpSync(join(PROJECT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  for (const [file, forbidden, allowed] of RULES) {
    plant(file, forbidden);
    plant(fileOfControl(file), allowed);
  }
  plant('src/api/leave/rule.test.ts', '../../../test/api.ts');
  write('src/workflows/typed.ts', "export type { Used } from '../activities/sessions.ts';\n");
  write('web/src/typed.ts', "export type { Used } from '../../src/api/sessions/schema.ts';\n");
  write('src/domain/circle.ts', "import { b } from './circle-b.ts';\nexport const a = () => b;\n");
  write('src/domain/circle-b.ts', "import { a } from './circle.ts';\nexport const b = () => a;\n");
  write('src/operations/variable.ts', "export const port = process.env['PORT'];\n");
  write('src/config/variable.ts', "export const port = process.env['PORT'];\n");
  reported = await lint();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the import rules', () => {
  it.each(RULES)('%s may not import %s', (file) => {
    expect(reported.get(file)).toEqual(['eslint(no-restricted-imports)']);
  });

  it.each(WITH_CONTROL)('%s may not import %s, yet it may import %s', (file) => {
    expect(reported.get(fileOfControl(file))).toBeUndefined();
  });

  it('bind the code, not its tests', () => {
    expect(reported.get('src/api/leave/rule.test.ts')).toBeUndefined();
  });

  it.each(['src/workflows/typed.ts', 'web/src/typed.ts'])('let %s take types', (file) => {
    expect(reported.get(file)).toBeUndefined();
  });

  it.each(['src/domain/circle.ts', 'src/domain/circle-b.ts'])('find the circle of %s', (file) => {
    expect(reported.get(file)).toEqual(['import(no-cycle)']);
  });

  it('let only the configuration read process.env', () => {
    expect(reported.get('src/operations/variable.ts')).toEqual(['node(no-process-env)']);
    expect(reported.get('src/config/variable.ts')).toBeUndefined();
  });

  it('know every folder of the source', () => {
    const folders = readdirSync(join(PROJECT, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !FREE.has(entry.name))
      .map((entry) => entry.name);
    const ruled = new Set(RULES.map(([file]) => file.split('/')[1]));

    expect(folders.filter((name) => !ruled.has(name))).toEqual([]);
  });
});

const fileOfControl = (file: string): string => file.replace(/\.ts$/, '-allowed.ts');

function plant(file: string, imported: string): void {
  write(file, `import { value } from '${imported}';\nexport const used = value;\n`);
}

function write(file: string, text: string): void {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Rules broken, by file. @throws Error when nothing was linted */
function lint(): Promise<Map<string, string[]>> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [OXLINT, '--format=json', 'src', 'web'],
      { cwd: folder, maxBuffer: 16 * 1024 * 1024 },
      (_error, stdout) => {
        const answer = JSON.parse(stdout) as {
          number_of_files: number;
          diagnostics: { code: string; filename: string; severity: string }[];
        };
        if (answer.number_of_files < RULES.length) reject(new Error('no files were linted'));
        const found = new Map<string, string[]>();
        for (const { code, filename, severity } of answer.diagnostics) {
          if (severity !== 'error') continue;
          found.set(filename, [...new Set([...(found.get(filename) ?? []), code])]);
        }
        resolve(found);
      },
    );
  });
}

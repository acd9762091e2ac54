/** Finds the time-skipping test server of Temporal: the SDK's download, a cached copy, or Java's. */
import { execFile } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cached } from './cache.ts';

const run = promisify(execFile);

/** The version that tools/temporal-test-server/pom.xml pins. */
export const TEST_SERVER_VERSION = '1.38.0';

const TOOLS = fileURLToPath(new URL('../../tools/temporal-test-server', import.meta.url));

/**
 * The path of an executable for `createTimeSkipping`.
 * @throws Error with one sentence that names the remedy
 */
export async function resolveTimeSkippingServer(
  cacheFolder: string,
  log: (line: string) => void,
): Promise<string> {
  const downloaded = join(cacheFolder, 'time-skipping-server');
  if (existsSync(downloaded)) return downloaded;
  const name = `temporal-test-server-${TEST_SERVER_VERSION}`;
  const cachedJava = join(cacheFolder, name, 'server.sh');
  if (!existsSync(cachedJava)) {
    try {
      return await cached(cacheFolder, 'time-skipping-server', download);
    } catch (error) {
      log(`Temporal test server: not from the download of the SDK (${message(error)})`);
    }
  }
  try {
    const folder = await cached(cacheFolder, name, (target) => collectJars(target, log));
    return writeWrapper(folder);
  } catch (error) {
    throw new Error(
      `No Temporal test server can be had (${message(error)}): install Java 17 and Maven, then run the tests again.`,
      { cause: error },
    );
  }
}

async function download(target: string): Promise<void> {
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  const folder = await mkdtemp(join(tmpdir(), 'temporal-download-'));
  try {
    const environment = await TestWorkflowEnvironment.createTimeSkipping({
      server: { executable: { type: 'cached-download', downloadDir: folder } },
    });
    await environment.teardown();
    const file = readdirSync(folder).find((entry) => entry.startsWith('temporal'));
    if (!file) throw new Error('nothing was downloaded');
    cpSync(join(folder, file), target);
    chmodSync(target, 0o755);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Collects the jars from Maven Central and writes the wrapper. */
async function collectJars(target: string, log: (line: string) => void): Promise<void> {
  await run('java', ['-version']);
  log('Temporal test server: collecting its jars with Maven once');
  const work = await mkdtemp(join(tmpdir(), 'temporal-test-server-'));
  try {
    await cp(TOOLS, work, { recursive: true });
    const jars = join(target, 'libs');
    await mkdir(jars, { recursive: true });
    await run(
      'mvn',
      [
        '-q',
        '-B',
        '-f',
        join(work, 'pom.xml'),
        'dependency:copy-dependencies',
        `-DoutputDirectory=${jars}`,
        // Java takes the home of the account, not $HOME; an account of CI may have none.
        `-Dmaven.repo.local=${join(work, 'repository')}`,
      ],
      { maxBuffer: 16 * 1024 * 1024 },
    );
    writeWrapper(target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * Writes the script that the SDK starts and kills: the shell must become java, which then is its
 * direct child. Without `--enable-time-skipping` time stands still until a test skips it; with it,
 * a run that starts before the first poll is carried into its timeout.
 */
function writeWrapper(folder: string): string {
  const script = join(folder, 'server.sh');
  const text = [
    '#!/bin/sh',
    'here=$(cd "$(dirname "$0")" && pwd)',
    'exec java -XX:TieredStopAtLevel=1 -Xshare:auto -Xmx256m -cp "$here/libs/*" io.temporal.testserver.TestServer "$@"',
    '',
  ].join('\n');
  if (!existsSync(script) || readFileSync(script, 'utf8') !== text) writeFileSync(script, text);
  chmodSync(script, 0o755);
  return script;
}

function message(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s+/g, ' ').slice(0, 200);
}

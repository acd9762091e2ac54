import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openKeys } from './keys.ts';

let keyFolder: string;
beforeEach(() => {
  keyFolder = mkdtempSync(path.join(tmpdir(), 'keys-'));
});
afterEach(() => rmSync(keyFolder, { recursive: true, force: true }));

const development = () => ({
  isProduction: false,
  keyFolder,
  secretKey: undefined,
  encryptionKey: undefined,
});

describe('openKeys', () => {
  it('generates secrets once, readable by the owner only, and reuses them', () => {
    const first = openKeys(development());
    const second = openKeys(development());

    expect(second.accessSigning.keyId).toBe(first.accessSigning.keyId);
    expect(second.encryption.id).toBe(first.encryption.id);
    expect(second.purposeKey('qr')).toEqual(first.purposeKey('qr'));
    expect(readdirSync(keyFolder).sort((a, b) => a.localeCompare(b))).toEqual([
      'encryption.key',
      'secret.key',
    ]);
    for (const file of readdirSync(keyFolder)) {
      expect(statSync(path.join(keyFolder, file)).mode & 0o777).toBe(0o600);
    }
  });

  it('gives processes that start at once the same keys', async () => {
    const script = `import { openKeys } from ${JSON.stringify(new URL('keys.ts', import.meta.url).href)};
      const keys = openKeys(${JSON.stringify(development())});
      console.log(keys.accessSigning.keyId + keys.encryption.id);`;

    const outputs = await Promise.all(Array.from({ length: 4 }, () => output(script)));

    expect(new Set(outputs).size).toBe(1);
    expect(outputs[0]).toMatch(/\w/);
  });

  it('refuses production without secrets and generates none', () => {
    expect(() => openKeys({ ...development(), isProduction: true })).toThrow(/SECRET_KEY/);
    expect(readdirSync(keyFolder)).toEqual([]);
  });

  it('derives production keys from the environment alone', () => {
    const source = {
      isProduction: true,
      keyFolder: '/nowhere',
      secretKey: 's'.repeat(32),
      encryptionKey: 'e'.repeat(32),
    };

    expect(openKeys(source).encryption.id).toBe(openKeys(source).encryption.id);
    expect(openKeys({ ...source, encryptionKey: 'f'.repeat(32) }).encryption.id).not.toBe(
      openKeys(source).encryption.id,
    );
  });

  it('refuses a damaged secret file instead of making a new key', () => {
    writeFileSync(path.join(keyFolder, 'secret.key'), 'short');

    expect(() => openKeys(development())).toThrow(/damaged/);
  });

  it('gives each purpose its own key', () => {
    const keys = openKeys(development());

    expect(keys.purposeKey('qr')).not.toEqual(keys.purposeKey('ticket'));
  });

  it('unwraps a data key under its own id only', () => {
    const { encryption } = openKeys(development());
    const wrapped = encryption.wrap('a', Buffer.alloc(32, 7));

    expect(encryption.unwrap('a', wrapped)).toEqual(Buffer.alloc(32, 7));
    expect(() => encryption.unwrap('b', wrapped)).toThrow();
  });
});

function output(script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.once('error', reject);
    child.once('exit', () => resolve(text));
  });
}

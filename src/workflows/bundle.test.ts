import { beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  bundleWorkflowCode,
  DefaultLogger,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { loadWorkflowBundle } from '../workers/workflow-bundle.ts';

const logger = new DefaultLogger('ERROR');
const silent = new DefaultLogger('ERROR', () => undefined);

/** The SDK and what it brings itself; nothing else from node_modules. */
const PACKAGES = ['@temporalio/common', '@temporalio/workflow', 'long', 'ms', 'nexus-rpc'];
const OURS = /^\.\/src\/(workflows|domain)\/[\w/-]+\.ts$/;
/** Modules that the bundler replaced by nothing, such as an optional interceptors file. */
const EMPTY = /^\?[0-9a-f]+$/;

/** The modules of a bundle as webpack names them: paths from the project's folder. */
function modulesOf(code: string): string[] {
  return [...code.matchAll(/^\/\*{3}\/ "([^"]+)"$/gm)].map((match) => match[1] ?? '');
}

/** The package of a module in node_modules, or undefined for a file of ours. */
function packageOf(name: string): string | undefined {
  return /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(name)?.[1];
}

/** Modules that have no place in the sandbox. */
const foreign = (names: readonly string[]): string[] =>
  names.filter((name) => {
    if (EMPTY.test(name) || OURS.test(name)) return false;
    return !PACKAGES.includes(packageOf(name) ?? '');
  });

describe('the workflow bundle', () => {
  let modules: string[];

  beforeAll(async () => {
    const bundle = await loadWorkflowBundle({ temporalCodecKeys: undefined }, logger);
    modules = modulesOf((bundle as WorkflowBundleWithSourceMap).code);
  });

  it('holds our workflows, the domain and the SDK, and nothing else', () => {
    expect(foreign(modules)).toEqual([]);
    expect(modules).toContain('./src/workflows/session-lifecycle.ts');
    expect(modules).toContain('./src/domain/session/transitions.ts');
  });

  it('holds no package twice and no test', () => {
    expect(new Set(modules).size).toBe(modules.length);
    expect(modules.filter((name) => name.includes('.test.'))).toEqual([]);
  });

  it('is small enough to be loaded in an instant', () => {
    expect(modules.filter((name) => OURS.test(name)).length).toBeLessThan(40);
  });
});

describe('control: a bundle', () => {
  /** Bundles a workflow of one line; gives its foreign modules or the bundler's refusal. */
  async function bundled(line: string): Promise<string[]> {
    const folder = await mkdtemp(join(process.cwd(), 'node_modules', '.bundle-'));
    try {
      const workflowsPath = join(folder, 'workflow.js');
      await writeFile(workflowsPath, `${line}\nexport async function planted() { return used; }\n`);
      const { code } = await bundleWorkflowCode({ workflowsPath, logger: silent });
      return foreign(modulesOf(code));
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)];
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  it.each([
    [
      'a built-in module of Node',
      `import * as used from 'node:fs';`,
      /Webpack finished with errors/,
    ],
    ['a package', `import * as used from 'luxon';`, /luxon/],
    ['a package of the SDK for clients', `import * as used from '@temporalio/client';`, /client/],
  ])('with %s is found', async (_name, line, expected) => {
    const found = await bundled(line);

    expect(found.join(' ')).toMatch(expected);
  });
});

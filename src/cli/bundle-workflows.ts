/** Bundles the workflows into the file named by its argument, so that workers need not. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { loadEnvironment } from '../config/env.ts';
import { bundleWorkflows } from '../workers/workflow-bundle.ts';

const [file] = process.argv.slice(2);
if (!file) throw new Error('name the file to write: node src/cli/bundle-workflows.ts <file>');
const { code } = await bundleWorkflows(loadEnvironment([]));
mkdirSync(dirname(file), { recursive: true });
writeFileSync(`${file}.part`, code);
renameSync(`${file}.part`, file); // A worker never reads half a bundle.

/** Where `npm start` keeps what it runs. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));
export const VAR = join(PROJECT, 'var');
export const RUN_FILE = join(VAR, 'run.json');
export const LOGS = join(VAR, 'logs');
export const WORKFLOW_BUNDLE = join(VAR, 'workflow-bundle.js');
export const TEMPORAL_STATE = join(VAR, 'temporal.db');

/** An entry point of src/cli. */
export const entryPoint = (file: string): string => join(PROJECT, 'src', 'cli', file);

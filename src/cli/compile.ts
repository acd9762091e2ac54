/**
 * Loads every module of the services once, so that they start from the compile cache: sooner, and
 * without the compiler of TypeScript in their memory.
 */
await Promise.all([import('./api.ts'), import('./worker.ts')]);
process.exit(0); // The SDK's native threads would keep it.

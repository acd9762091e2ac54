/** `npm start`: the whole product on one machine, everything embedded, until Ctrl-C. */
import { Supervisor } from './start/supervisor.ts';

const supervisor = new Supervisor({ isWatching: process.argv.includes('--watch') });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void supervisor.stop(0));
}
try {
  await supervisor.start();
} catch (error) {
  if (!supervisor.isStopping) {
    console.error(`\nnpm start failed: ${error instanceof Error ? error.message : String(error)}`);
    await supervisor.stop(1);
  }
}

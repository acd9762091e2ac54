/** Waits until the system serves, and says where. */
import { DEMO_ACCOUNTS, DEMO_PASSWORD } from '../../db/seeders/demo-accounts.ts';
import { waitUntil } from '../../provision/child.ts';

const READY_WITHIN_MS = 90_000;

/** Waits for an API that is ready and a worker that polls. @throws Error naming the log to read */
export async function ready(api: string): Promise<void> {
  await waitUntil(
    async () => {
      const [isApiReady, hasWorkers] = await Promise.all([
        fetch(`${api}/health/ready`).then(
          (reply) => reply.ok,
          () => false,
        ),
        fetch(`${api}/health`).then(
          (reply) => reply.ok,
          () => false,
        ),
      ]);
      return isApiReady && hasWorkers;
    },
    { timeoutMs: READY_WITHIN_MS, message: 'the API did not become ready; see var/logs/api.log' },
  );
}

/** Prints addresses and demo accounts. */
export function printWelcome(api: string, temporalUi: string, tookMs: number): void {
  console.log(`
Ready in ${(tookMs / 1_000).toFixed(1)} s.

  Dashboard      ${api}
  API reference  ${api}/api/docs
  Temporal UI    ${temporalUi}

  Demo accounts, password ${DEMO_PASSWORD}`);
  for (const account of DEMO_ACCOUNTS) {
    console.log(`    ${account.email.padEnd(26)} ${account.role}`);
  }
  console.log('\nCtrl-C stops everything; the data stays in var/.');
}

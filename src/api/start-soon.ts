/** The start of a workflow right after the commit that promised it. */

const PATIENCE_MS = 2_000;

/**
 * Tries the start once; the outbox row of the same transaction makes it certain, so a failure or
 * a slow server here changes nothing for the caller (temporal.md section 10).
 * @param start  the call to the workflow gateway, already under way
 */
export async function startSoon(start: Promise<void>): Promise<void> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  await Promise.race([
    start.catch(() => undefined),
    new Promise<void>((done) => patience.addEventListener('abort', () => done(), { once: true })),
  ]);
}

/** Starts the PostgreSQL of a proof or benchmark, runs it there and stops it again. */
import { provision } from '../test/provision.ts';

/**
 * Runs the work with `process.env` naming the server.
 * @param durable  what is committed survives a crash, as in production; off by default
 * @returns its exit code, or 2 when it could not run
 */
export async function onPostgres(
  work: () => Promise<number>,
  { durable = false }: { readonly durable?: boolean } = {},
): Promise<number> {
  const needs = { postgres: true, temporal: false, timeSkipping: false, durable };
  const provisioned = await provision(needs, (line) => console.error(line)).catch(
    (error: unknown) => {
      console.error('PostgreSQL could not be started:', error);
      return null;
    },
  );
  if (provisioned === null) return 2;
  try {
    Object.assign(process.env, provisioned.env);
    return await work();
  } catch (error) {
    console.error(error);
    return 2;
  } finally {
    await provisioned.stop();
  }
}

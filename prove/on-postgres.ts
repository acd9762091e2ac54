/** Starts the PostgreSQL of a proof, runs it there and stops it again. */
import { provision } from '../test/provision.ts';

/** Runs the work with `process.env` naming the server. @returns its exit code, or 2 when it could not run */
export async function onPostgres(work: () => Promise<number>): Promise<number> {
  const needs = { postgres: true, temporal: false, timeSkipping: false };
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

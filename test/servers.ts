/** The real servers of the tests: addresses from the global set-up, and databases of their own. */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { databaseUrl } from '../src/provision/postgres.ts';

/** A database cloned from the migrated template; drop it when the file is done. */
export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  drop(): Promise<void>;
}

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests through npm test`);
  return value;
}

/** Address of the Temporal development server of this run. */
export const temporalAddress = (): string => setting('TEST_TEMPORAL_ADDRESS');
/** Path of the temporal command line of this run. */
export const temporalBinary = (): string => setting('TEST_TEMPORAL_BINARY');
/** Path of the time-skipping test server. */
export const timeSkippingPath = (): string => setting('TEST_TIME_SKIPPING_PATH');

/** Clones the migrated template database. Its `app_clock()` moves with the table `test_clock`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const admin = setting('TEST_PG_ADMIN_URL');
  const name = `att_${randomUUID().replaceAll('-', '')}`;
  await statement(admin, `create database ${name} template att_template`);
  return {
    url: databaseUrl(admin, name),
    name,
    drop: () => statement(admin, `drop database if exists ${name} with (force)`),
  };
}

async function statement(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

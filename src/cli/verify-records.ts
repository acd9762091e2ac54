/**
 * `npm run verify:records [-- --from DATE --to DATE]`: compares stored records and contradictions
 * with what the ledger of claims says. Reads only; ends with 1 when something differs, 2 when the
 * options make no sense.
 */
import { parseArgs } from 'node:util';
import { DateTime } from 'luxon';
import { loadEnvironment } from '../config/env.ts';
import { openOrm } from '../db/orm.ts';
import {
  verifyRecords,
  type Difference,
  type Period,
} from '../operations/records/verify-records.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  const period = readPeriod();
  if (!period) {
    console.error('Usage: npm run verify:records [-- --from YYYY-MM-DD --to YYYY-MM-DD]');
    return 2;
  }
  const orm = await openOrm({ url: loadEnvironment(['database']).databaseUrl, poolMax: 1 });
  try {
    let found = 0;
    const compared = await verifyRecords(orm.em.fork(), period, (difference) => {
      found += 1;
      print(difference);
    });
    console.log(`compared ${compared} sessions: ${found} differences`);
    return found === 0 ? 0 : 1;
  } finally {
    await orm.close();
  }
}

function readPeriod(): Period | undefined {
  const period = readOptions();
  return period && [period.from, period.to].every(isDateOrAbsent) ? period : undefined;
}

function readOptions(): Period | undefined {
  try {
    return parseArgs({ options: { from: { type: 'string' }, to: { type: 'string' } } }).values;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function isDateOrAbsent(text: string | undefined): boolean {
  return text === undefined || DateTime.fromFormat(text, 'yyyy-MM-dd').isValid;
}

function print({ date, sessionId, subject, of, stored, expected }: Difference): void {
  const whom = of === null ? '' : ` of ${of}`;
  console.log(`${date} session ${sessionId}: ${subject}${whom}`);
  console.log(`  stored:   ${stored}`);
  console.log(`  expected: ${expected}`);
}

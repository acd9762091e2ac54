/** Seeds the demo university into an empty database, in one transaction. */
import { firstRow, rows, type Em } from '../../db/orm.ts';
import { calendarOn } from '../../db/seeders/academic-calendar.ts';
import { UNIVERSITY } from '../../db/seeders/catalogue.ts';
import { createRandom } from '../../db/seeders/random.ts';
import type { Operation } from '../../operations/ports.ts';
import { dateIn } from '../../operations/timetable/local-time.ts';
import { AuditTrail } from './audit-trail.ts';
import { idAt, type SeedContext } from './context.ts';
import { makeDevices, writeDevices, type DemoDevices } from './devices.ts';
import { writeHistory } from './history.ts';
import { makePastLeaves } from './leaves.ts';
import type { Progress } from './progress.ts';
import { makePendingLeaves, writeCorrections, writeLeaves } from './requests.ts';
import { makeUniversity, type University } from './university.ts';
import { writeStructure } from './write-structure.ts';
import { writeSessions, writeTimetable } from './write-timetable.ts';

/** What the database holds before seeding. */
export type Contents = 'empty' | 'demo' | 'other';

/** Seed of the generator: the same university for everybody. */
const SEED = 20_261_123;

/** Says whether the database is empty, holds the demo university, or somebody's own data. */
export async function inspectDatabase(em: Em): Promise<Contents> {
  const found = await firstRow<{ users: boolean; demo: boolean }>(
    em,
    `select exists (select 1 from app_user) or exists (select 1 from institution) as users,
       exists (select 1 from app_user where email = 'admin@demo.campus') as demo`,
  );
  if (!found?.users) return 'empty';
  return found.demo ? 'demo' : 'other';
}

/** What seeding made, for the key file and the print. */
export interface SeededUniversity {
  readonly university: University;
  readonly devices: DemoDevices;
}

/**
 * Seeds everything up to now; nothing stays when a part fails. Running and coming classes are the
 * business of `topUp`.
 * @param passwordHash  the hash of the demo password
 */
export async function seedUniversity(
  operation: Operation,
  passwordHash: string,
  progress: Progress,
): Promise<SeededUniversity> {
  const seeded = await operation.em.transactional(async (em) => {
    const nowMs = operation.clock.now().getTime();
    const random = createRandom(SEED);
    const context: SeedContext = {
      em,
      operation: { ...operation, em },
      random,
      trail: new AuditTrail(),
      nowMs,
      today: dateIn(UNIVERSITY.zone, new Date(nowMs)),
    };
    return seedAll(context, passwordHash, progress);
  });
  progress.step('statistics for the query planner', 4);
  await rows(operation.em, 'analyze');
  return seeded;
}

async function seedAll(
  context: SeedContext,
  passwordHash: string,
  progress: Progress,
): Promise<SeededUniversity> {
  progress.step('departments, courses, people', 6);
  const university = makeUniversity(context, calendarOn(context.today));
  const devices = makeDevices(context, university);
  await writeStructure(context, university, passwordHash);
  progress.step('gateway, terminals, consents', 4);
  await writeDevices(context, university, devices);
  progress.step('timetable and sessions', 6);
  await writeTimetable(context, university);
  const sessions = await writeSessions(context);
  progress.step('leave applications', 4);
  const leaves = makePastLeaves(context, university);
  await writeLeaves(context, university, [...leaves, ...makePendingLeaves(context, university)]);
  progress.step('six weeks of attendance', 40);
  const past = await writeHistory(context, { university, sessions, leaves, devices }, (share) =>
    progress.within(share),
  );
  progress.step('correction requests', 2);
  await writeCorrections(context, university, past);
  progress.step('audit trail', 34);
  await context.trail.write(context.em, (atMs) => idAt(context.random, atMs));
  return { university, devices };
}

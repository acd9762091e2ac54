/** The whole worker side in a test: real Temporal server, real database, a small university. */
import { v7 } from 'uuid';
import { createActivities } from '../src/activities/create-activities.ts';
import type { ActivityParts } from '../src/activities/parts.ts';
import { loadEnvironment } from '../src/config/env.ts';
import { firstRow, rows, type Em } from '../src/db/orm.ts';
import { createDeps, type Deps } from '../src/deps.ts';
import type { Id, SessionEdge } from '../src/domain/types.ts';
import { operationFor } from '../src/operations/operation-for.ts';
import { SYSTEM_ACTOR } from '../src/operations/ports.ts';
import { fileLeave } from '../src/operations/requests/file-leave.ts';
import { createWorkflowGateway, type TemporalGateway } from '../src/temporal/client.ts';
import { makeLeaveType, makeSession, makeWorld, type World } from './factories.ts';
import { createTestDatabase, temporalAddress } from './servers.ts';
import { connectServer, type WorkflowBench } from './temporal.ts';

const MINUTE = 60_000;

/** A running bench; close it when the file is done. */
export interface TemporalBench {
  readonly workflows: WorkflowBench;
  readonly deps: Deps;
  readonly gateway: TemporalGateway;
  readonly parts: ActivityParts;
  readonly world: World;
  /** The environment of a worker process on this database and these queues. */
  readonly variables: Readonly<Record<string, string>>;
  em(): Em;
  /** A scheduled class that opens in some seconds, by default for an hour; times may be past. */
  addSession(opensInSeconds: number, change?: Partial<NewTestSession>): Promise<Id>;
  /** A leave of a student of the main section, filed as through the API. */
  fileLeave(student?: number): Promise<Id>;
  /** Sends an edge in the name of the main section's teacher. */
  send(session: Id, edge: SessionEdge, id?: Id): Promise<unknown>;
  session(id: Id): Promise<SessionState>;
  /** Audit actions about an entity, oldest first. */
  actions(entityId: Id): Promise<string[]>;
  close(): Promise<void>;
}

interface NewTestSession {
  readonly lastsSeconds: number;
  readonly lockAfterHours: number;
  readonly status: 'scheduled' | 'open';
}

/** What tests look at in a session's row. */
export interface SessionState {
  readonly status: string;
  readonly epoch: number;
  /** Milliseconds from `opens_at` to the opening; null before. */
  readonly late_ms: number | null;
  readonly workflow_started_at: Date | null;
}

/**
 * Opens the bench on a database of its own; no worker runs yet.
 * @param address  of the Temporal server; the shared one of this run by default
 */
export async function openTemporalBench(address = temporalAddress()): Promise<TemporalBench> {
  const database = await createTestDatabase();
  const workflows = await connectServer(address);
  const variables = {
    KEY_FOLDER: process.env['KEY_FOLDER'] ?? '',
    DATABASE_URL: database.url,
    DATABASE_POOL_MAX: '10',
    TEMPORAL_ADDRESS: address,
    TASK_QUEUE_PREFIX: workflows.prefix,
    TEST_CLOCK: '1',
    LOG_LEVEL: 'silent',
    TZ: 'UTC',
  };
  const environment = loadEnvironment(['database'], variables);
  const gateway = createWorkflowGateway(environment, () => deps.orm);
  const deps = await createDeps(environment, { workflows: gateway });
  const em = (): Em => deps.orm.em.fork();
  const world = await makeWorld(em(), { studentCount: 6 });
  const leaveTypeId = await makeLeaveType(em());

  return {
    workflows,
    deps,
    gateway,
    parts: { ...deps, runs: gateway.runs, operatorDecisions: true },
    world,
    variables,
    em,
    async addSession(opensInSeconds, change = {}) {
      const { lastsSeconds = 3_600, lockAfterHours = 48, status = 'scheduled' } = change;
      const startAt = new Date(Date.now() + opensInSeconds * 1_000);
      return makeSession(em(), {
        campus: world.campus,
        courseSection: world.section,
        faculty: world.faculty.id,
        room: world.room.id,
        status,
        startAt,
        endAt: new Date(startAt.getTime() + lastsSeconds * 1_000),
        policy: { earlyOpenMinutes: 0, lateCaptureMinutes: 0, lockAfterHours },
      });
    },
    async fileLeave(index = 0) {
      const student = world.students[index];
      if (!student) throw new Error(`the world has no student ${index}`);
      const actor = { ...SYSTEM_ACTOR, userId: student.userId, role: 'student' };
      const operation = operationFor(deps, { ...actor, channel: 'api' });
      const at = (days: number) => new Date(Date.now() + days * 24 * 60 * MINUTE).toISOString();
      return operation.em.transactional((transaction) =>
        fileLeave(operation, transaction, student.id, {
          leaveTypeId,
          reason: 'Fever since Monday',
          period: { startsAt: at(1), endsAt: at(3) },
        }),
      );
    },
    send: (session, edge, id = v7()) =>
      gateway.transition(session, { id, edge, actorId: world.faculty.userId, channel: 'api' }),
    async session(id) {
      const row = await firstRow<SessionState>(
        em(),
        `select status, epoch, workflow_started_at,
           (extract(epoch from opened_at - opens_at) * 1000)::int as late_ms
         from attendance_session where id = ?::uuid`,
        [id],
      );
      if (!row) throw new Error('no such session');
      return row;
    },
    async actions(entityId) {
      const found = await rows<{ action: string }>(
        em(),
        `select (body::json)->>'action' as action from audit_event
         where entity_id = ? order by at, seq`,
        [entityId],
      );
      return found.map((row) => row.action);
    },
    async close() {
      await workflows.renew();
      await deps.close();
      await workflows.teardown();
      await database.drop();
    },
  };
}

/** The activities of a worker on this bench. */
export const activitiesOf = (bench: TemporalBench, change: Partial<ActivityParts> = {}) =>
  createActivities({ ...bench.parts, ...change });

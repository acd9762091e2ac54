/** A database with a small university for tests of leave and corrections, and operations in it. */
import { rows, firstRow, type Em } from '../src/db/orm.ts';
import { loadEnvironment } from '../src/config/env.ts';
import { createDeps, type Deps } from '../src/deps.ts';
import { AppError } from '../src/domain/errors.ts';
import type { CaseKind, Id, SessionEdge, Verdict } from '../src/domain/types.ts';
import { operationFor } from '../src/operations/operation-for.ts';
import { SYSTEM_ACTOR, type Operation } from '../src/operations/ports.ts';
import { markRecords } from '../src/operations/records/mark-records.ts';
import { applyDecision } from '../src/operations/requests/apply-decision.ts';
import { applyTransition } from '../src/operations/sessions/apply-transition.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from './factories.ts';
import { createTestDatabase } from './servers.ts';

/** The condition that holds for every row. */
export const EVERYTHING = { sql: 'true', parameters: [] } as const;

/** A running bench; close it when the file is done. */
export interface RequestBench {
  readonly deps: Deps;
  readonly world: World;
  em(): Em;
  /** An operation in the name of a person. */
  as(userId: Id, role?: string): Operation;
  /** A class of the main section; the given times in minutes from now. */
  classFrom(startMinutes: number, endMinutes: number, change?: object): Promise<Id>;
  /** Takes one edge of a session's life as a timer would. */
  take(session: Id, edge: SessionEdge): Promise<void>;
  /** Marks a student as the teacher of the main section. */
  mark(session: Id, student: Id, mark: 'present' | 'late' | 'absent'): Promise<void>;
  /** Decides a case as its workflow does; gives the refusal's code or null. */
  decide(kind: CaseKind, id: Id, deciderId: Id, verdict?: Verdict): Promise<string | null>;
  /** The record of a student in a session. */
  record(session: Id, student: Id): Promise<object | undefined>;
  /** Bodies of the audit events about an entity, oldest first. */
  auditOf(entityId: Id): Promise<AuditBody[]>;
  close(): Promise<void>;
}

/** What tests read of an audit event. */
interface AuditBody {
  readonly action: string;
  readonly actor: Id | null;
  readonly chain: string;
  readonly before: object | null;
  readonly after: object | null;
}

/** Opens the bench on a database of its own. */
export async function openRequestBench({ studentCount = 3 } = {}): Promise<RequestBench> {
  const database = await createTestDatabase();
  const deps = await createDeps(
    loadEnvironment(['database'], {
      KEY_FOLDER: process.env['KEY_FOLDER'],
      DATABASE_URL: database.url,
      DATABASE_POOL_MAX: '10',
      TEST_CLOCK: '1',
      LOG_LEVEL: 'silent',
    }),
  );
  const em = (): Em => deps.orm.em.fork();
  const world = await makeWorld(em(), { studentCount });
  const as = (userId: Id, role = 'student'): Operation =>
    operationFor(deps, { ...SYSTEM_ACTOR, userId, role, channel: 'api' });

  return {
    deps,
    world,
    em,
    as,
    classFrom: (startMinutes, endMinutes, change = {}) =>
      makeSession(em(), {
        campus: world.campus,
        courseSection: world.section,
        faculty: world.faculty.id,
        room: world.room.id,
        startAt: minutesFromNow(startMinutes),
        endAt: minutesFromNow(endMinutes),
        ...change,
      }),
    async take(sessionId, edge) {
      const row = await firstRow<{ epoch: number }>(
        em(),
        'select epoch from attendance_session where id = ?::uuid',
        [sessionId],
      );
      const { refused } = await applyTransition(operationFor(deps, SYSTEM_ACTOR), {
        sessionId,
        epoch: row?.epoch ?? 0,
        command: { id: deps.ids.next(), edge, by: 'timer', actorId: null, channel: 'workflow' },
      });
      if (refused) throw new Error(`${edge} of ${sessionId}: ${refused.code}`);
    },
    async mark(sessionId, studentId, mark) {
      const opId = deps.ids.next();
      const [result] = await markRecords(
        as(world.faculty.userId, 'faculty'),
        { view: EVERYTHING, mark: EVERYTHING, facultyId: world.faculty.id },
        {
          sessionId,
          items: [{ opId, studentId, mark, reason: 'seen in class' }],
          rest: undefined,
          keyNamespace: opId,
        },
      );
      if (result?.code) throw new Error(`mark: ${result.code}`);
    },
    async decide(kind, id, deciderId, verdict = 'approved') {
      const { refused } = await applyDecision(operationFor(deps, SYSTEM_ACTOR), kind, id, {
        decisionId: deps.ids.next(),
        verdict,
        deciderId,
        channel: 'api',
        ...(verdict === 'rejected' ? { note: 'The certificate is missing.' } : {}),
      });
      return refused?.code ?? null;
    },
    record: (session, student) =>
      firstRow(
        em(),
        `select mark, source, excuse_category from attendance_record
         where session_id = ?::uuid and student_id = ?::uuid`,
        [session, student],
      ),
    async auditOf(entityId) {
      const found = await rows<{ body: string }>(
        em(),
        'select body from audit_event where entity_id = ? order by at, seq',
        [entityId],
      );
      return found.map((row) => JSON.parse(row.body) as AuditBody);
    },
    async close() {
      await deps.close();
      await database.drop();
    },
  };
}

/** The code of the AppError that a call ends in, or `none`. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'none';
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

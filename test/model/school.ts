/**
 * The product under the model-based test: one running API, its people signed in, and a fresh class
 * for every sequence. Commands go through HTTP; only a terminal's punch and the timers of a class,
 * which have no route, call the operation behind them.
 */
import { createAccessTokens } from '../../src/security/access-tokens.ts';
import { chainStart, eventHash } from '../../src/audit/append-log.ts';
import { firstRow, rows } from '../../src/db/orm.ts';
import { resolveSession } from '../../src/domain/attendance/resolve-session.ts';
import { dueEdge } from '../../src/domain/session/transitions.ts';
import { DEFAULT_SESSION_POLICY } from '../../src/domain/settings.ts';
import type { Id, Mark, SessionStatus } from '../../src/domain/types.ts';
import { operationFor } from '../../src/operations/operation-for.ts';
import { SYSTEM_ACTOR } from '../../src/operations/ports.ts';
import { applyOperations } from '../../src/operations/records/apply-operations.ts';
import { lockRecords } from '../../src/operations/records/lock-records.ts';
import { autoAbsentOpId } from '../../src/operations/records/settle-records.ts';
import { rosterOf } from '../../src/operations/records/roster.ts';
import { applyTransition } from '../../src/operations/sessions/apply-transition.ts';
import { loadSessionView } from '../../src/operations/sessions/load-session-view.ts';
import { findSessionRow } from '../../src/operations/sessions/session-row.ts';
import { startTestApi, textOf, type ApiReply, type Json, type TestApi } from '../api.ts';
import { makeDevice, type TestDevice } from '../device.ts';
import { directWorkflows } from '../direct-workflows.ts';
import {
  assignTeaching,
  campusDay,
  enrol,
  makeLeaveType,
  makeSection,
  makeSession,
  makeStudent,
  makeWorld,
  type World,
} from '../factories.ts';
import { ENROLLED, FIRST_MINUTE_OF_DAY, STUDENTS } from './commands.ts';
import type { ClassView, Command, Given, Person, Student } from './commands.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const BASE = '/api/v1/attendance/';
const REASON = 'as the model-based test asks';

interface SignedIn {
  readonly userId: Id;
  readonly sid: Id;
  token: string;
  expiresAtMs: number;
}

/** The students as the database knows them. */
interface Enrolled {
  readonly id: Id;
  readonly userId: Id;
  readonly email: string;
}

/** A running product and its people; close it once. */
export interface School {
  /** Makes a class and moves the clock to its first moment. */
  begin(given: Given): Promise<SchoolClass>;
  close(): Promise<void>;
}

/** One class under test. */
export interface SchoolClass {
  /** Does a command and gives the answer; null where there was nothing to do it to. */
  take(command: Command): Promise<string | null>;
  view(): Promise<ClassView>;
  /** What is wrong with what was stored, in words. */
  audit(): Promise<readonly string[]>;
  /** Leaves nothing behind that concerns later classes. */
  end(): Promise<void>;
}

/** Starts the product on a database of its own. */
export async function openSchool(): Promise<School> {
  const workflows = directWorkflows();
  const api = await startTestApi({ workflows, variables: { RATE_LIMIT_SCALE: '1000' } });
  workflows.connect(api.deps);
  const world = await makeWorld(api.em(), { studentCount: 3 });
  const { campus, department, programme, batch } = world;
  const outsider = await makeStudent(api.em(), { campus, department, programme, batch });
  const people = await signInAll(api, world, [...world.students, outsider]);
  const leaveType = await makeLeaveType(api.em());
  const phone = await makeDevice();
  await phone.register(api, await people.tokenOf('teacher'));
  await rows(api.em(), "update device_binding set valid_from = valid_from - interval '400 days'");
  const parts = { api, world, people, leaveType, phone };
  return {
    begin: (given) => TestClass.begin(parts, given),
    close: () => api.close(),
  };
}

interface People {
  readonly students: ReadonlyMap<Student, Enrolled>;
  tokenOf(who: Person | Student): Promise<string>;
}

interface Parts {
  readonly api: TestApi;
  readonly world: World;
  readonly people: People;
  readonly leaveType: Id;
  readonly phone: TestDevice;
}

/**
 * Signs everyone in once. Passwords cost too much to be checked whenever the clock moves past the
 * life of a token, so later tokens of the same sign-ins are signed here.
 */
async function signInAll(
  api: TestApi,
  world: World,
  enrolled: readonly Enrolled[],
): Promise<People> {
  const tokens = createAccessTokens(api.deps.keys.accessSigning);
  const students = new Map(
    STUDENTS.map((student, index) => [student, enrolled[index] ?? world.student] as const),
  );
  const emails: [Person | Student, string][] = [
    ['teacher', world.faculty.email],
    ['hod', world.people.hod.email],
    ['admin', world.people.admin.email],
    ...[...students].map(([student, { email }]): [Student, string] => [student, email]),
  ];
  const known = new Map<Person | Student, SignedIn>();
  for (const [who, email] of emails) {
    const token = await api.signIn(email);
    const claims = await tokens.verify(token, api.deps.clock.now());
    if (!claims) throw new Error(`the token of ${who} is not valid`);
    const { userId, sid, expiresAt } = claims;
    known.set(who, { userId, sid, token, expiresAtMs: expiresAt * 1_000 });
  }
  await rows(
    api.em(),
    "update refresh_token_family set expires_at = expires_at + interval '400 days'",
  );
  return {
    students,
    async tokenOf(who) {
      const own = known.get(who);
      if (!own) throw new Error(`${who} is not signed in`);
      const now = api.deps.clock.now();
      const left = own.expiresAtMs - now.getTime();
      if (left < MINUTE || left > 10 * MINUTE) {
        const authTime = Math.floor(now.getTime() / 1_000);
        const claims = { userId: own.userId, sid: own.sid, tokenVersion: 1, amr: ['pwd'] };
        own.token = await tokens.sign({ ...claims, authTime }, api.deps.ids.next(), now);
        own.expiresAtMs = now.getTime() + 10 * MINUTE;
      }
      return own.token;
    },
  };
}

class TestClass implements SchoolClass {
  readonly #parts: Parts;
  readonly #section: Id;
  readonly #session: Id;
  readonly #firstDay: string;
  /** Enrolments of each student, oldest first. */
  readonly #enrolments = new Map<Student, Id[]>();
  #offsetMs: number;
  /** The roll as the screen showed it last; a record is null where nothing was ever said. */
  #roll: ReadonlyMap<Student, Json | null> = new Map();

  private constructor(
    parts: Parts,
    place: { section: Id; session: Id; firstDay: string; offsetMs: number },
  ) {
    this.#parts = parts;
    this.#section = place.section;
    this.#session = place.session;
    this.#firstDay = place.firstDay;
    this.#offsetMs = place.offsetMs;
  }

  static async begin(parts: Parts, { autoOpen, startsIn, minutes }: Given): Promise<TestClass> {
    const { api, world, people } = parts;
    const firstDay = campusDay(1);
    const firstMs = Date.parse(`${firstDay}T00:00:00+05:30`) + FIRST_MINUTE_OF_DAY * MINUTE;
    // Half a minute past: a sequence may take that long before a bound is met too early.
    const offsetMs = firstMs + MINUTE / 2 - Date.now();
    await api.moveClock(offsetMs);
    const em = api.em();
    const { course, semester, campus, faculty, room } = world;
    const section = await makeSection(em, { course, semester, campus });
    await assignTeaching(em, faculty.id, { courseSection: section });
    const startMs = firstMs + startsIn * MINUTE;
    const session = await makeSession(em, {
      campus,
      courseSection: section,
      faculty: faculty.id,
      room: room.id,
      startAt: new Date(startMs),
      endAt: new Date(startMs + minutes * MINUTE),
      status: 'scheduled',
      policy: DEFAULT_SESSION_POLICY,
      autoOpen,
    });
    const made = new TestClass(parts, { section, session, firstDay, offsetMs });
    for (const student of ENROLLED) {
      const { id } = made.#student(student);
      made.#enrolments.set(student, [await enrol(em, id, section, { validFrom: made.#date(-60) })]);
    }
    if (people.students.size !== STUDENTS.length) throw new Error('a student is missing');
    return made;
  }

  async take(command: Command): Promise<string | null> {
    switch (command.do) {
      case 'advance':
        this.#offsetMs += command.minutes * MINUTE;
        await this.#parts.api.moveClock(this.#offsetMs);
        return 'ok';
      case 'timer':
        return this.#timer();
      case 'open':
      case 'close':
      case 'lock':
        return codeOf(await this.#post('teacher', this.#path(command.do)));
      case 'cancel':
      case 'restore':
        return codeOf(await this.#post('teacher', this.#path(command.do), { reason: REASON }));
      case 'reschedule':
        return this.#reschedule(command);
      case 'mark':
        return this.#mark(command);
      case 'patch':
        return this.#patch(command);
      case 'bulk':
        return this.#bulk(command);
      case 'sync':
        return this.#sync(command);
      case 'punch':
        return this.#punch(command.student, command.age);
      case 'leave':
        return this.#leave(command);
      case 'ask':
        return codeOf(
          await this.#post(command.student, `${BASE}correction-requests`, {
            session: this.#session,
            to_mark: command.to,
            reason: REASON,
          }),
        );
      case 'decide':
        return this.#decide(command);
      case 'enrol':
        return this.#enrol(command.student, command.day);
      case 'drop':
        return this.#drop(command.student, command.day);
      default:
        return command satisfies never;
    }
  }

  async view(): Promise<ClassView> {
    const [session] = await Promise.all([
      this.#get(`${BASE}sessions/${this.#session}`),
      this.#readRoll(),
    ]);
    const lines = [...this.#roll].map(([student, record]) =>
      (record?.['mark'] ?? null) === null
        ? `${student} unmarked`
        : `${student} ${textOf(record?.['mark'])} ${textOf(record?.['source'])}`,
    );
    return {
      status: textOf(session.body['status']) as SessionStatus,
      roster: lines.sort(),
      counts: session.body['counts'] as unknown as ClassView['counts'],
    };
  }

  async audit(): Promise<readonly string[]> {
    return [...(await this.#chainFaults()), ...(await this.#recordFaults())];
  }

  async end(): Promise<void> {
    const em = this.#parts.api.em();
    await rows(em, "update leave_application set status = 'withdrawn' where status <> 'withdrawn'");
    await rows(em, "update enrolment set status = 'dropped' where course_section_id = ?::uuid", [
      this.#section,
    ]);
  }

  #path(edge: string): string {
    return `${BASE}sessions/${this.#session}/${edge}`;
  }

  #student(student: Student): Enrolled {
    const found = this.#parts.people.students.get(student);
    if (!found) throw new Error(`there is no ${student}`);
    return found;
  }

  #nowMs(): number {
    return Date.now() + this.#offsetMs;
  }

  #instant(ms: number): string {
    return new Date(ms).toISOString();
  }

  #date(day: number): string {
    return this.#instant(Date.parse(`${this.#firstDay}T00:00:00Z`) + day * DAY).slice(0, 10);
  }

  async #get(path: string): Promise<ApiReply> {
    const token = await this.#parts.people.tokenOf('teacher');
    const reply = await this.#parts.api.request('GET', path, { token });
    if (reply.status !== 200) throw new Error(`GET ${path}: ${describe(reply)}`);
    return reply;
  }

  async #post(
    who: Person | Student,
    path: string,
    body?: object,
    { method = 'POST', headers = {} } = {},
  ): Promise<ApiReply> {
    const { api, people } = this.#parts;
    const reply = await api.request(method, path, {
      token: await people.tokenOf(who),
      headers: { 'idempotency-key': api.deps.ids.next(), ...headers },
      ...(body === undefined ? {} : { body }),
    });
    if (reply.status >= 500 || reply.status === 401 || reply.status === 429) {
      throw new Error(`${method} ${path}: ${describe(reply)}`);
    }
    return reply;
  }

  async #readRoll(): Promise<void> {
    const reply = await this.#get(`${BASE}sessions/${this.#session}/roster`);
    const byId = new Map(STUDENTS.map((student) => [this.#student(student).id, student]));
    const listed = Object.values(reply.body['students'] ?? {});
    this.#roll = new Map(
      listed.map((row) => {
        const student = byId.get(textOf(row['student']?.['id']));
        if (!student) throw new Error('a stranger is on the roll');
        return [student, row['record'] ?? null];
      }),
    );
  }

  #winnerOf(student: Student, sees: boolean): { base_op_id?: string } {
    const winner: unknown = sees && this.#roll.get(student)?.['winner_op_id'];
    return typeof winner === 'string' ? { base_op_id: winner } : {};
  }

  /** What the worker does when a timer of the class is due. */
  async #timer(): Promise<string> {
    const { deps } = this.#parts.api;
    const operation = operationFor(deps, SYSTEM_ACTOR);
    const view = await loadSessionView(operation.em, this.#session);
    if (!view) throw new Error('the class is gone');
    const edge = dueEdge(view, deps.clock.now().getTime());
    if (edge === null) return 'none';
    const { refused } = await applyTransition(operation, {
      sessionId: this.#session,
      epoch: view.epoch,
      command: { id: deps.ids.next(), edge, by: 'timer', actorId: null, channel: 'workflow' },
    });
    return refused?.code ?? edge;
  }

  async #reschedule({ startsIn, minutes }: Command & { do: 'reschedule' }): Promise<string> {
    const startMs = Math.floor(this.#nowMs() / MINUTE) * MINUTE + startsIn * MINUTE;
    const reply = await this.#post('teacher', this.#path('reschedule'), {
      start_datetime: this.#instant(startMs),
      end_datetime: this.#instant(startMs + minutes * MINUTE),
      reason: REASON,
    });
    return codeOf(reply);
  }

  async #mark({ by, student, mark, sees }: Command & { do: 'mark' }): Promise<string> {
    const reply = await this.#post(by, `${BASE}records`, {
      session: this.#session,
      student: this.#student(student).id,
      mark,
      reason: REASON,
      ...this.#winnerOf(student, sees),
    });
    return resultOf(reply.status < 300 ? reply.body : null) ?? codeOf(reply);
  }

  async #patch(command: Command & { do: 'patch' }): Promise<string | null> {
    const record = this.#roll.get(command.student);
    if (!record) return null;
    const version = Number(record['version']) + (command.isStale ? 1 : 0);
    const reply = await this.#post(
      'teacher',
      `${BASE}records/${textOf(record['id'])}`,
      { mark: command.mark, reason: REASON },
      { method: 'PATCH', headers: { 'if-match': `"${version}"` } },
    );
    return resultOf(reply.status < 300 ? reply.body : null) ?? codeOf(reply);
  }

  async #bulk({ items, rest, sees }: Command & { do: 'bulk' }): Promise<string> {
    const records = items.map(({ student, mark }) => ({
      student: this.#student(student).id,
      mark,
      reason: REASON,
      ...this.#winnerOf(student, sees),
    }));
    const reply = await this.#post('teacher', `${BASE}records/bulk-mark`, {
      session: this.#session,
      records,
      ...(rest === null ? {} : { default: { mark: rest } }),
    });
    if (reply.status !== 200) return codeOf(reply);
    const results = Object.values(reply.body['results'] ?? {});
    const byId = new Map(STUDENTS.map((student) => [this.#student(student).id, student]));
    return results
      .map((result) => `${byId.get(textOf(result['student']))} ${resultOf(result)}`)
      .sort()
      .join(', ');
  }

  async #sync({ student, mark, sees, age }: Command & { do: 'sync' }): Promise<string> {
    const { api, people, phone } = this.#parts;
    const bootMs = 60 * 24 * 60 * MINUTE;
    const { base_op_id = null } = this.#winnerOf(student, sees);
    const reply = await phone.request(api, 'POST', `${BASE}sync`, {
      token: await people.tokenOf('teacher'),
      body: {
        client_id: 'model',
        sent_at: this.#instant(this.#nowMs()),
        sent_mono_ms: bootMs,
        boot_id: 'boot',
        ops: [
          {
            op_id: api.deps.ids.next(),
            session: this.#session,
            student: this.#student(student).id,
            kind: 'mark',
            mark,
            captured_at: this.#instant(this.#nowMs() - age * MINUTE),
            captured_mono_ms: bootMs - age * MINUTE,
            boot_id: 'boot',
            base_op_id,
            acks: [],
            evidence: {},
          },
        ],
      },
    });
    const [result] = Object.values(reply.body['results'] ?? {});
    return resultOf(result ?? null) ?? codeOf(reply);
  }

  async #punch(student: Student, age: number): Promise<string> {
    const { deps } = this.#parts.api;
    const operation = operationFor(deps, SYSTEM_ACTOR);
    const draft = {
      opId: deps.ids.next(),
      studentId: this.#student(student).id,
      mark: 'present' as Mark,
      rank: 60,
      source: 'biometric' as const,
      effAt: this.#instant(deps.clock.now().getTime() - age * MINUTE),
      draftsAfterLock: true,
    };
    const [result] = await operation.em.transactional((em) =>
      applyOperations({ ...operation, em }, em, this.#session, [draft]),
    );
    if (!result) throw new Error('a punch gave no result');
    return result.status === 'rejected' ? String(result.code) : result.status;
  }

  async #leave({ student, from, minutes }: Command & { do: 'leave' }): Promise<string> {
    const { api, leaveType } = this.#parts;
    const row = await findSessionRow(api.em(), this.#session);
    const fromMs = Date.parse(row?.startAt ?? '') + from * MINUTE;
    const filed = await this.#post(student, `${BASE}leave-applications`, {
      leave_type: leaveType,
      reason: REASON,
      starts_at: this.#instant(fromMs),
      ends_at: this.#instant(fromMs + minutes * MINUTE),
    });
    if (filed.status !== 201) return codeOf(filed);
    const path = `${BASE}leave-applications/${textOf(filed.body['id'])}`;
    return codeOf(await this.#post('hod', path, { status: 'approved' }, { method: 'PATCH' }));
  }

  async #decide({ student, by, isApproved }: Command & { do: 'decide' }): Promise<string> {
    const pending = await firstRow<{ id: Id }>(
      this.#parts.api.em(),
      `select id from correction_request
       where session_id = ?::uuid and student_id = ?::uuid and status = 'pending'`,
      [this.#session, this.#student(student).id],
    );
    if (!pending) return 'nothing pending';
    const body = isApproved ? { status: 'approved' } : { status: 'rejected', note: REASON };
    const path = `${BASE}correction-requests/${pending.id}`;
    return codeOf(await this.#post(by, path, body, { method: 'PATCH' }));
  }

  async #enrol(student: Student, day: number): Promise<string> {
    const reply = await this.#post('admin', '/api/v1/enrolments', {
      student: this.#student(student).id,
      course_section: this.#section,
      valid_from: this.#date(day),
    });
    if (reply.status !== 201) return codeOf(reply);
    const own = this.#enrolments.get(student) ?? [];
    this.#enrolments.set(student, [...own, textOf(reply.body['enrolment']?.['id'])]);
    return 'ok';
  }

  async #drop(student: Student, day: number): Promise<string> {
    const last = this.#enrolments.get(student)?.at(-1);
    if (last === undefined) return 'nothing to end';
    const body = { valid_to: this.#date(day) };
    return codeOf(await this.#post('admin', `/api/v1/enrolments/${last}/end`, body));
  }

  async #chainFaults(): Promise<string[]> {
    const chain = `session:${this.#session}`;
    const events = await rows<{ seq: string; body: string; prev_hash: string; hash: string }>(
      this.#parts.api.em(),
      'select seq, body, prev_hash, hash from audit_event where chain = ? order by seq',
      [chain],
    );
    const faults: string[] = [];
    let previous = chainStart(chain);
    events.forEach((event, index) => {
      const isSound =
        Number(event.seq) === index + 1 &&
        event.prev_hash === previous &&
        eventHash(previous, event.body) === event.hash;
      if (!isSound) faults.push(`event ${event.seq} of the audit chain does not verify`);
      previous = event.hash;
    });
    return faults;
  }

  /** Each record of the roster against the resolver over everything that is stored. */
  async #recordFaults(): Promise<string[]> {
    const { api } = this.#parts;
    const session = await findSessionRow(api.em(), this.#session);
    if (!session) return ['the class is gone'];
    return api.em().transactional(async (em) => {
      const roster = await rosterOf(em, session);
      const stored = await lockRecords(em, session.id, roster, () => api.deps.ids.next());
      const isOver = session.taken && ['closed', 'locked'].includes(session.status);
      const register = resolveSession(
        {
          // A class that was not taken makes nobody absent, whatever a later correction proves.
          status: isOver ? 'closed' : 'open',
          policy: session.policy,
          lateReferenceMs: Date.parse(session.startAt),
          scheduledStartMs: Date.parse(session.startAt),
          autoOpIdOf: (studentId) => autoAbsentOpId(session, studentId),
          wasObserved: session.taken,
        },
        roster,
        stored.operations,
      );
      return roster.flatMap((studentId) => {
        const record = stored.records.get(studentId);
        const answer = register.records.get(studentId) ?? null;
        const wasNeverSaid = session.status === 'locked' && (record?.version ?? 0) === 0;
        const isSame =
          (record?.mark ?? null) === (answer?.mark ?? null) &&
          (record?.winnerOpId ?? null) === (answer?.winnerOpId ?? null);
        if (isSame || wasNeverSaid) return [];
        return [`the record of ${studentId} says ${record?.mark}, its claims ${answer?.mark}`];
      });
    });
  }
}

const describe = (reply: ApiReply): string => `${reply.status} ${JSON.stringify(reply.body)}`;

function codeOf(reply: ApiReply): string {
  return reply.status < 300 ? 'ok' : textOf(reply.body['code']);
}

/** The answer to one mark: its status, or the code where it was refused. */
function resultOf(result: Json | null): string | null {
  if (result === null) return null;
  const status = textOf(result['status']);
  return status === 'rejected' ? textOf(result['code']) : status;
}

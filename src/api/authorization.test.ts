/** The matrix of roles and routes, generated from the route table (trust.md section 3). */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type ApiReply, type TestApi } from '../../test/api.ts';
import {
  assignMentor,
  makeLeaveType,
  makeUser,
  makeWorld,
  type World,
} from '../../test/factories.ts';
import { makeDevice, type TestDevice } from '../../test/device.ts';
import { sampleOf } from '../../test/route-samples.ts';
import type { Permission } from '../auth/policies.ts';
import type { Id, Role } from '../domain/types.ts';
import type { ApiDeps } from './api-deps.ts';
import { selfAccess, type Route } from './route.ts';
import { allRoutes } from './routes.ts';

/** trust.md section 3, copied by hand: the code's own table must not judge itself. */
const HOLDERS: Readonly<Record<Permission, readonly Role[]>> = {
  view_attendance: [
    'student',
    'faculty',
    'mentor',
    'hod',
    'exam_cell',
    'admin',
    'privacy_officer',
    'auditor',
  ],
  mark_attendance: ['student', 'faculty', 'hod', 'admin'],
  manage_sessions: ['faculty', 'hod', 'exam_cell', 'admin'],
  approve_corrections: ['faculty', 'hod', 'exam_cell'],
  manage_biometric: ['admin'],
  view_statistics: ['student', 'faculty', 'mentor', 'hod', 'exam_cell', 'admin', 'auditor'],
  export_data: [
    'student',
    'faculty',
    'mentor',
    'hod',
    'exam_cell',
    'admin',
    'privacy_officer',
    'auditor',
  ],
  approve_leave: ['faculty', 'mentor', 'hod'],
  approve_self_entry: ['faculty', 'hod'],
  approve_unlock: ['hod', 'exam_cell'],
  approve_rebind: ['faculty', 'mentor', 'hod', 'admin'],
  file_requests: ['student', 'faculty', 'hod', 'exam_cell', 'admin'],
  decide_eligibility: ['hod', 'exam_cell'],
  condone_shortage: ['hod', 'exam_cell'],
  manage_timetable: ['hod', 'admin'],
  manage_people: ['admin'],
  manage_policy: ['exam_cell', 'admin'],
  manage_privacy: ['student', 'privacy_officer'],
  read_audit: ['student', 'admin', 'privacy_officer', 'auditor'],
  submit_device_events: ['gateway'],
  operate: ['admin'],
};

const ROLES = [
  'student',
  'faculty',
  'mentor',
  'hod',
  'exam_cell',
  'admin',
  'privacy_officer',
  'auditor',
  'gateway',
] as const satisfies readonly Role[];

/** Roles whose scope ends at their own class, mentee or department. */
const NARROW: readonly Role[] = [
  'student',
  'faculty',
  'mentor',
  'hod',
  'privacy_officer',
  'auditor',
  'gateway',
];

let api: TestApi;
let world: World;
let tokens: Map<Role, string>;
/** Each token's registered device. */
let devices: Map<string, TestDevice>;
let leaveType: Id;

async function start(change: (route: Route) => Route = (route) => route): Promise<void> {
  api = await startTestApi({
    routes: (deps: ApiDeps) => allRoutes(deps).map(change),
    variables: { RATE_LIMIT_SCALE: '100' },
  });
  world = await makeWorld(api.em());
  leaveType = await makeLeaveType(api.em());
  await assignMentor(api.em(), world.people.mentor.id, world.student.id);
  const gateway = await makeUser(api.em(), { roles: ['gateway'] });
  const emails: Record<Role, string> = {
    student: world.student.email,
    faculty: world.faculty.email,
    mentor: world.people.mentor.email,
    hod: world.people.hod.email,
    exam_cell: world.people.examCell.email,
    admin: world.people.admin.email,
    privacy_officer: world.people.privacyOfficer.email,
    auditor: world.people.auditor.email,
    gateway: gateway.email,
  };
  tokens = new Map();
  devices = new Map();
  for (const role of ROLES) {
    const [token, device] = [await api.signIn(emails[role]), await makeDevice()];
    await device.register(api, token);
    tokens.set(role, token);
    devices.set(token, device);
  }
}

/** Ids of the other department, under every name a path, query or body may use. */
function otherNames(): Readonly<Record<string, unknown>> {
  const { other } = world;
  return {
    id: other.session,
    session: other.session,
    student: other.students[0]?.id,
    student_id: other.students[0]?.id,
    course_section: other.section,
    course_section_id: other.section,
    faculty: other.faculty.id,
    leave_type: leaveType,
    room: other.room.code,
    date_from: new Date().toISOString().slice(0, 10),
    date_to: new Date().toISOString().slice(0, 10),
    status: 'approved',
    name: 'LEAVE_REMINDER_HOURS',
  };
}

async function call(route: Route, token: string | undefined): Promise<ApiReply> {
  const device = token === undefined ? undefined : devices.get(token);
  const named = { ...otherNames(), public_key: device?.publicKey };
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => {
    const value: unknown = Reflect.get(named, name);
    if (typeof value !== 'string')
      throw new Error(`the matrix has no sample for :${name} of ${route.path}`);
    return value;
  });
  const request = {
    ...(token === undefined ? {} : { token }),
    ...(route.body && route.method !== 'get' ? { body: sampleOf(route.body, named) } : {}),
    headers: { 'idempotency-key': api.deps.ids.next(), 'if-match': '"1"' },
  };
  const method = route.method.toUpperCase();
  if (!route.deviceProof || !device) return api.request(method, path, request);
  return device.request(api, method, path, request);
}

/** Everything about the other department that a narrow role must never read. */
function secretsOfOthers(): string[] {
  const { other } = world;
  return [
    other.session,
    other.section,
    ...other.students.flatMap(({ id, userId, email, rollNumber }) => [
      id,
      userId,
      email,
      `"${rollNumber}"`,
    ]),
  ];
}

async function violations(routes: readonly Route[]): Promise<string[]> {
  const found: string[] = [];
  for (const route of routes) {
    if (route.access.kind === 'public') continue;
    const name = `${route.method.toUpperCase()} ${route.path}`;
    const anonymous = await call(route, undefined);
    if (anonymous.status !== 401) found.push(`${name} by nobody: ${anonymous.status}`);
    if (route.path.endsWith('/auth/logout')) continue;
    for (const role of ROLES) {
      const problem = await judge(route, role);
      if (problem) found.push(`${name} by ${role}: ${problem}`);
    }
  }
  return found;
}

async function judge(route: Route, role: Role): Promise<string | undefined> {
  const reply = await call(route, tokens.get(role));
  const { status } = reply;
  const code = JSON.stringify(reply.body['code']);
  const access = expectedAccess.get(`${route.method} ${route.path}`);
  if (access?.kind === 'permission' && !HOLDERS[access.permission].includes(role)) {
    return status === 403 ? undefined : `expected 403, got ${status} ${code}`;
  }
  if (status === 401 || code === '"forbidden"') return `refused with ${status} ${code}`;
  if (status >= 500 && code !== '"workflow_unavailable"') return `failed with ${status} ${code}`;
  if (status >= 300 || !NARROW.includes(role)) return undefined;
  if (everyItemRefused(reply)) return undefined;
  if (route.method !== 'get' && touchesOthers(route)) return `changed with ${status}`;
  const text = JSON.stringify(reply.body);
  const leaked = secretsOfOthers().filter((secret) => text.includes(secret));
  return leaked.length > 0 ? `shows ${leaked.join(', ')} of another department` : undefined;
}

/** An answer with one result per item sent, none of which was taken. */
function everyItemRefused({ body }: ApiReply): boolean {
  const { rejected } = (body['counts'] ?? {}) as { rejected?: unknown };
  const results: unknown = body['results'];
  return Array.isArray(results) && results.length > 0 && rejected === results.length;
}

/** A write whose path or required body names something of the other department. */
function touchesOthers(route: Route): boolean {
  const body = route.body ? JSON.stringify(sampleOf(route.body, otherNames())) : '';
  return route.path.includes(':') || secretsOfOthers().some((secret) => body.includes(secret));
}

let expectedAccess = new Map<string, Route['access']>();
const routesOf = (): Route[] => {
  let routes: Route[] = [];
  routes = allRoutes({
    ...api.deps,
    prove: () => Promise.reject(new Error('unused')),
    metrics: undefined as never,
  });
  expectedAccess = new Map(routes.map((route) => [`${route.method} ${route.path}`, route.access]));
  return routes;
};

describe('the matrix of roles and routes', () => {
  beforeAll(() => start());
  afterAll(() => api.close());

  // Every route as every role: some forty seconds on two idle cores.
  it('has no unexpected answer for a role, own or foreign objects', async () => {
    expect(await violations(routesOf())).toEqual([]);
  }, 120_000);

  it('lists in public only what trust.md allows', () => {
    const open = routesOf().filter((route) => route.access.kind === 'public');

    expect(open.map((route) => route.path).sort((a, b) => a.localeCompare(b))).toEqual([
      '/api/docs',
      '/api/docs/start.js',
      '/api/v1/asyncapi.json',
      '/api/v1/auth/login',
      '/api/v1/auth/refresh',
      '/api/v1/openapi.json',
      '/health',
      '/health/live',
      '/health/ready',
      '/metrics',
    ]);
  });

  it('serves only what it serves to anyone: every other route answers 401', async () => {
    const routes = routesOf().filter((route) => route.access.kind !== 'public');
    const statuses = await Promise.all(
      routes.map(async (route) => (await call(route, 'bad')).status),
    );

    expect(new Set(statuses)).toEqual(new Set([401]));
  });
});

describe('control: one policy removed', () => {
  const LOOSENED = '/api/v1/admin/system-metrics';
  beforeAll(() =>
    start((route) => (route.path === LOOSENED ? { ...route, access: selfAccess } : route)),
  );
  afterAll(() => api.close());

  it('is found by the matrix', async () => {
    const routes = routesOf().filter((route) => route.path === LOOSENED);

    const found = await violations(routes);

    expect(found).toContain(`GET ${LOOSENED} by student: expected 403, got 200 undefined`);
    expect(found).toHaveLength(8);
  });
});

describe('control: one scope removed', () => {
  beforeAll(() =>
    start((route) =>
      route.method === 'get' && route.path === '/api/v1/attendance/sessions/:id'
        ? { ...route, handler: leakingHandler(route) }
        : route,
    ),
  );
  afterAll(() => api.close());

  /** The same handler, asked by someone with every right. */
  const leakingHandler =
    (route: Route): Route['handler'] =>
    (input) =>
      route.handler({
        ...input,
        principal: {
          ...input.principal,
          roles: [{ role: 'admin', scopeKind: 'institution', scopeId: null }],
        },
      });

  it('is found by the matrix', async () => {
    const routes = routesOf().filter(
      (route) => route.method === 'get' && route.path === '/api/v1/attendance/sessions/:id',
    );

    const found = await violations(routes);

    expect(found.join('\n')).toMatch(/by student: shows/);
    expect(found.join('\n')).toMatch(/by faculty: shows/);
  });
});

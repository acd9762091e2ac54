/** A class from its creation to the percentage, watched live. */
import { DEMO_PASSWORD } from '../../db/seeders/demo-accounts.ts';
import { DemoClient, Refused } from './client.ts';
import { fact, seconds, until } from './facts.ts';
import type {
  CourseNumbers,
  LiveEvent,
  MarkReply,
  Page,
  RoomReply,
  RosterReply,
  SectionReply,
  SessionReply,
  StatisticsReply,
  StudentReply,
} from './replies.ts';

const MARKED = 60;
const CLIENTS = 6;
/** Every tenth of the marked students comes late. */
const LATE_EVERY = 10;
const STARTS_IN_MS = 3_000;
const ENDS_IN_MS = 20_000;
const MINUTE_MS = 60_000;
const OPENS_IN_MS = 5_000;
const LEAST_PUNCTUAL_MS = 2_000;
const FACULTY = ['faculty2@demo.campus', 'faculty@demo.campus'];
const ZONE = 'Asia/Kolkata';

/** Plays one class: it opens, fills from six clients at once, closes, and counts. */
export async function checkClass(api: string): Promise<void> {
  const now = Date.now();
  const { email, faculty, session } = await createClass(api, {
    startMs: now + STARTS_IN_MS,
    endMs: now + ENDS_IN_MS,
  });
  const code = `${session.course_section.course.code}-${session.course_section.section_name}`;
  fact(true, `${email} created a class of ${code} in room ${session.room}`);

  const socket = await faculty.live();
  const events: LiveEvent[] = [];
  socket.on('session', (event: LiveEvent) => events.push(event));
  try {
    const watching = (await socket.emitWithAck('watch', { session: session.id })) as {
      readonly ok: boolean;
    };
    fact(watching.ok, 'the live channel lets its teacher watch it');
    await watchOpen(faculty, session);
    const before = await rosterWithNumbers(faculty, session);
    await markFromManyClients(api, email, session, before.students.slice(0, MARKED));
    const live = await until('live counts reach the marks', 5, () =>
      events.findLast(
        (event) => event.payload.counts?.unmarked === before.students.length - MARKED,
      ),
    );
    fact(
      counted(live) === MARKED,
      `the live count shows ${MARKED} of ${before.students.length} (event ${live.seq})`,
    );
    await watchClose(faculty, session, before.students.length);
    await until('the live channel tells of the close', 5, () =>
      events.find((event) => event.type === 'session.changed' && event.payload.status === 'closed'),
    );
    fact(isAscending(events), `${events.length} live events came in the order of their numbers`);
    await checkNumbers(faculty, session, before);
  } finally {
    socket.disconnect();
  }
}

/** A class whose window begins in a few seconds opens at its instant, by its durable timer. */
export async function checkTimer(api: string): Promise<void> {
  const startMs = Date.now() + (await earlyOpenMs(api)) + OPENS_IN_MS;
  const { faculty, session } = await createClass(api, { startMs, endMs: startMs + MINUTE_MS });
  const opened = await until('its timer opens it', 15, async () => {
    const read = await faculty.get<SessionReply>(`attendance/sessions/${session.id}/`);
    return read.status === 'open' ? Date.now() : undefined;
  });
  const lateMs = opened - Date.parse(session.opens_at);
  fact(
    lateMs >= -50 && lateMs < LEAST_PUNCTUAL_MS,
    `a class due to open at ${session.opens_at} opened ${seconds(lateMs)} after it`,
  );
  await faculty.post(`attendance/sessions/${session.id}/cancel/`, {
    reason: 'demo:check watched it open',
  });
  fact(true, 'and was cancelled, so it counts for nobody');
}

/** How long before their start classes open here; a class made and cancelled tells. */
async function earlyOpenMs(api: string): Promise<number> {
  const startMs = Date.now() + 60 * MINUTE_MS;
  const { faculty, session } = await createClass(api, { startMs, endMs: startMs + MINUTE_MS });
  await faculty.post(`attendance/sessions/${session.id}/cancel/`, {
    reason: 'demo:check read how early it opens',
  });
  return Date.parse(session.start_datetime) - Date.parse(session.opens_at);
}

interface Created {
  readonly email: string;
  readonly faculty: DemoClient;
  readonly session: SessionReply;
}

/** Creates a class in the first large enough section of the demo teachers that is free then. */
async function createClass(
  api: string,
  { startMs, endMs }: { startMs: number; endMs: number },
): Promise<Created> {
  for (const email of FACULTY) {
    const faculty = await DemoClient.signIn(api, email, DEMO_PASSWORD);
    const rooms = await faculty.get<Page<RoomReply>>('academics/rooms/?page_size=200');
    const sections = await faculty.get<Page<SectionReply>>('academics/sections/?page_size=200');
    const room = rooms.results.at(-1)?.code ?? '';
    for (const section of sections.results) {
      if (section.student_count <= MARKED) continue;
      try {
        const session = await faculty.post<SessionReply>(
          'attendance/sessions/',
          requestOf(section.id, room, startMs, endMs),
        );
        return { email, faculty, session };
      } catch (error) {
        if (!(error instanceof Refused && error.code === 'duplicate_session')) throw error;
      }
    }
  }
  throw new Error(`no section of ${MARKED} students is free now; try again in a few minutes`);
}

function requestOf(section: string, room: string, startMs: number, endMs: number) {
  const start = new Date(startMs);
  return {
    course_section: section,
    scheduled_date: start.toLocaleDateString('en-CA', { timeZone: ZONE }),
    start_datetime: start.toISOString(),
    end_datetime: new Date(endMs).toISOString(),
    room,
    kind: 'make_up',
    notes: 'made by npm run demo:check',
  };
}

async function watchOpen(faculty: DemoClient, session: SessionReply): Promise<void> {
  const dueMs = Math.max(Date.parse(session.opens_at), Date.now());
  const opened = await until('the class opens by itself', 15, async () => {
    const read = await faculty.get<SessionReply>(`attendance/sessions/${session.id}/`);
    return read.status === 'open' ? read : undefined;
  });
  fact(opened.auto_opened, `it opened by itself, ${seconds(Date.now() - dueMs)} after it was due`);
}

interface Before {
  readonly students: readonly StudentReply[];
  /** The first of the roster, who is marked, and the last, who is not. */
  readonly marked: Watched;
  readonly missing: Watched;
}

interface Watched {
  readonly student: StudentReply;
  readonly numbers: CourseNumbers;
}

async function rosterWithNumbers(faculty: DemoClient, session: SessionReply): Promise<Before> {
  const roster = await faculty.get<RosterReply>(`attendance/sessions/${session.id}/roster/`);
  const students = roster.students.map((row) => row.student);
  fact(students.length > MARKED, `its roster has ${students.length} students`);
  const watched = async (student: StudentReply | undefined): Promise<Watched> => {
    if (!student) throw new Error('the roster is empty');
    return { student, numbers: await courseNumbers(faculty, session, student) };
  };
  return {
    students,
    marked: await watched(students[0]),
    missing: await watched(students.at(-1)),
  };
}

async function courseNumbers(
  faculty: DemoClient,
  session: SessionReply,
  student: StudentReply,
): Promise<CourseNumbers> {
  const section = session.course_section.id;
  const statistics = await faculty.get<StatisticsReply>(
    `attendance/statistics/student/${student.id}/?course_section=${section}`,
  );
  const [numbers] = statistics.courses;
  if (!numbers) throw new Error('the statistics leave out a section of the student');
  return numbers;
}

async function markFromManyClients(
  api: string,
  email: string,
  session: SessionReply,
  students: readonly StudentReply[],
): Promise<void> {
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, () => DemoClient.signIn(api, email, DEMO_PASSWORD)),
  );
  const started = performance.now();
  const results = await Promise.all(
    clients.map(async (client, index) => {
      const own: MarkReply[] = [];
      for (const [row, student] of students.entries()) {
        if (row % CLIENTS !== index) continue;
        own.push(
          await client.post<MarkReply>('attendance/records/', {
            session: session.id,
            student: student.id,
            mark: row % LATE_EVERY === LATE_EVERY - 1 ? 'late' : 'present',
          }),
        );
      }
      return own;
    }),
  );
  const applied = results.flat().filter((result) => result.status === 'applied').length;
  fact(
    applied === students.length,
    `${CLIENTS} clients at once marked ${applied} students in ${seconds(performance.now() - started)}, each acknowledged after its commit`,
  );
}

async function watchClose(
  faculty: DemoClient,
  session: SessionReply,
  roster: number,
): Promise<void> {
  const closed = await until('the class closes by itself', 40, async () => {
    const read = await faculty.get<SessionReply>(`attendance/sessions/${session.id}/`);
    return read.status === 'closed' ? read : undefined;
  });
  const lateMs = Date.now() - Date.parse(session.closes_at);
  fact(closed.auto_closed, `it closed by itself ${seconds(lateMs)} after its end`);
  fact(
    closed.counts.absent === roster - MARKED && closed.counts.unmarked === 0,
    `the close wrote ${closed.counts.absent} absents, exactly the rest of the roster`,
  );
}

async function checkNumbers(
  faculty: DemoClient,
  session: SessionReply,
  { marked, missing }: Before,
): Promise<void> {
  for (const [who, { student, numbers }, attended] of [
    ['a marked student', marked, 1],
    ['an absent one', missing, 0],
  ] as const) {
    const now = await courseNumbers(faculty, session, student);
    fact(
      now.held === numbers.held + 1 && now.attended === numbers.attended + attended,
      `${who} went from ${numbers.attended} of ${numbers.held} to ${now.attended} of ${now.held}: ${now.attendance_percentage} percent, ${now.verdict}`,
    );
  }
}

function counted(event: LiveEvent): number {
  const { counts } = event.payload;
  return counts ? counts.present + counts.late : 0;
}

function isAscending(events: readonly LiveEvent[]): boolean {
  return events.every((event, index) => event.seq >= (events[index - 1]?.seq ?? 0));
}

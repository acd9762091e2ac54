/**
 * Classes of the demo's teacher in which students scanned the code: some without a scan, some
 * flagged, a few refused; in each section one phone tried for two, one replaced, and one head count
 * that does not fit.
 */
import { auditEntry, sessionChain } from '../../audit/append-log.ts';
import type { Em } from '../../db/orm.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import type { Fallback } from '../../domain/presence/fallback.ts';
import { headCountTolerance, judgeHeadCount } from '../../domain/presence/head-count.ts';
import { geofenceModeFor, stepRuleOf } from '../../domain/presence/judge-scan.ts';
import { riskParts, riskScore, verdictAt, type RiskPart } from '../../domain/presence/risk.ts';
import type { Id } from '../../domain/types.ts';
import { displayEnd } from '../../operations/presence/start-display.ts';
import type { GeneratedSession } from '../../operations/timetable/insert-sessions.ts';
import { uuidV5 } from '../../security/uuid-v5.ts';
import { bulkInsert } from './bulk-insert.ts';
import { DAY_MS, idAt, iso, MINUTE_MS, seededPerson, type SeedContext } from './context.ts';
import { DemoPhones } from './phones.ts';
import type { Register } from './register.ts';
import type { FacultyModel, SectionModel, StudentModel } from './university.ts';

const TEACHER = 'faculty@demo.campus';
/** Classes of these days show codes. */
const CODES_SINCE_DAYS = 21;
/** Of those who came, who did not scan. */
const UNSCANNED_SHARE = 0.06;
/** What the teacher chose for them; null for nothing. */
const CHOSEN: readonly (Fallback | null)[] = [
  'no_phone',
  'flat_battery',
  'flat_battery',
  'no_camera',
  'id_card',
  'other',
  null,
];
/** Phones that admit a false position. */
const MOCKED_SHARE = 0.01;
/** Who of those present has a new phone once, as a place among them. */
const CHANGING_PLACE = 7;
const SHOWN_BEFORE_MS = 3 * MINUTE_MS;

interface ScanModel {
  readonly opId: Id;
  readonly student: StudentModel;
  readonly atMs: number;
  readonly keyId: Id;
  readonly step: number;
  readonly parts: readonly RiskPart[];
  readonly score: number;
  readonly verdict: 'accepted' | 'accepted_flagged';
}

interface RefusalModel {
  readonly student: StudentModel;
  readonly keyId: Id;
  readonly atMs: number;
  readonly code: 'code_expired' | 'device_already_used';
  readonly other: StudentModel | null;
}

/** What scans left behind in one class. */
export interface CodeClass {
  readonly session: GeneratedSession;
  readonly sectionId: Id;
  readonly teacher: FacultyModel;
  readonly shownAtMs: number;
  readonly scans: readonly ScanModel[];
  readonly refusals: readonly RefusalModel[];
  readonly count: { readonly heads: number; readonly marked: number; readonly atMs: number } | null;
}

/** Plays classes with codes, the earlier ones first. */
export class CodeClasses {
  readonly #context: SeedContext;
  readonly #phones: DemoPhones;
  readonly #played: CodeClass[] = [];

  constructor(context: SeedContext) {
    this.#context = context;
    this.#phones = new DemoPhones(context);
  }

  /** Whether a class showed codes. */
  shows(session: GeneratedSession, section: SectionModel): boolean {
    const sinceMs = this.#context.nowMs - CODES_SINCE_DAYS * DAY_MS;
    return (
      section.owner.user.email === TEACHER &&
      session.slot.component !== 'P' &&
      Date.parse(session.startAt) > sinceMs
    );
  }

  /** Plays one class: the code, the scans of those who came, and the teacher for the others. */
  play(register: Register, section: SectionModel, came: readonly StudentModel[]): void {
    const { random } = this.#context;
    const { session } = register;
    const shownAtMs = Date.parse(session.startAt) - SHOWN_BEFORE_MS;
    const earlier = this.#played.filter(({ sectionId }) => sectionId === section.id).length;
    this.#show(register, section.owner, shownAtMs);
    const unscanned = came.filter(
      (student) => !DemoPhones.isOwner(student) || random.chance(UNSCANNED_SHARE),
    );
    const scanning = came.filter((student) => !unscanned.includes(student));
    const borrower = earlier === 1 ? scanning[0] : undefined;
    const honest = scanning.filter((student) => student !== borrower);
    const changing = earlier === 2 ? honest[CHANGING_PLACE] : undefined;
    if (changing) this.#phones.replace(changing, shownAtMs);
    const scans = this.#scan(register, honest);
    const refusals = this.#refuse(register, scans, borrower);
    const byHand = [
      ...unscanned.map((student) => ({ student, fallback: this.#reasonOf(student) })),
      ...(borrower ? [{ student: borrower, fallback: 'shared_phone' as const }] : []),
    ];
    this.#mark(register, section.owner, byHand);
    const count = this.#count(register, section.owner, earlier);
    this.#played.push({
      session,
      sectionId: section.id,
      teacher: section.owner,
      shownAtMs,
      scans,
      refusals,
      count,
    });
  }

  /** Writes the phones: the claims of scans refer to their keys. */
  writePhones(em: Em): Promise<void> {
    return this.#phones.write(em);
  }

  /** Writes what the scans left behind; the claims are written already. */
  async write(em: Em): Promise<void> {
    await writeDisplays(em, this.#played);
    await writeScans(this.#context, em, this.#played);
    await writeRefusals(this.#context, em, this.#played);
    await writeCounts(em, this.#played);
  }

  #show(register: Register, teacher: FacultyModel, atMs: number): void {
    const { id } = register.session;
    register.show(atMs);
    this.#context.trail.add(
      atMs,
      auditEntry(seededPerson(teacher.user.id, 'faculty'), {
        chain: sessionChain(id),
        action: 'session.code_shown',
        entityType: 'AttendanceSession',
        entityId: id,
        sessionId: id,
        after: { mode: 'rotating', text_code: false, first: true },
      }),
    );
  }

  #scan(register: Register, students: readonly StudentModel[]): ScanModel[] {
    const { random } = this.#context;
    const { session } = register;
    const startMs = Date.parse(session.startAt);
    const scans = students
      .map((student) => {
        const isInTime = random.chance(student.punctuality);
        const offset = isInTime ? random.between(-170, 280) : random.between(310, 900);
        return this.#judge(session, student, startMs + offset * 1_000);
      })
      .sort((a, b) => a.atMs - b.atMs);
    for (const scan of scans) {
      register.mark(scan.atMs, seededPerson(scan.student.user.id, 'student'), [
        {
          opId: scan.opId,
          studentId: scan.student.id,
          mark: 'present',
          rank: scan.verdict === 'accepted' ? RANK.qr : RANK.weak,
          source: 'qr',
          deviceKeyId: scan.keyId,
          flags: scan.verdict === 'accepted' ? [] : ['presence_flagged'],
          evidence: {
            via: 'qr',
            step: scan.step,
            risk: scan.score,
            location: { verdict: 'unknown', distance_m: null },
          },
        },
      ]);
    }
    return scans;
  }

  /** Graded by the rules of a live scan: the rooms of the demo have no place, so none is known. */
  #judge(session: GeneratedSession, student: StudentModel, atMs: number): ScanModel {
    const { random } = this.#context;
    const { policy } = session;
    const { keyId, isPending } = this.#phones.keyOf(student, atMs);
    const parts = riskParts({
      geofence: 'unknown',
      mockLocation: random.chance(MOCKED_SHARE),
      keyPending: isPending,
      keyOfAnother: false,
      overlappingMark: false,
      attestationFailed: false,
      textCode: false,
      softwareKey: true,
      ticketAgeMs: random.between(2_000, 20_000),
      onCampus: true,
    });
    const score = riskScore(parts);
    const verdict = verdictAt(policy.presenceLevel, geofenceModeFor(policy), score, 'unknown');
    const { seconds } = stepRuleOf(policy);
    return {
      opId: idAt(random, atMs),
      student,
      atMs,
      keyId,
      step: Math.floor(atMs / (seconds * 1_000)),
      parts,
      score,
      verdict: verdict === 'accepted' ? 'accepted' : 'accepted_flagged',
    };
  }

  /** Somebody missed the code by a moment in every class; once in a section a phone was lent. */
  #refuse(
    { session }: Register,
    scans: readonly ScanModel[],
    borrower: StudentModel | undefined,
  ): RefusalModel[] {
    const [first] = scans;
    if (!first) return [];
    const late: RefusalModel = {
      student: first.student,
      keyId: first.keyId,
      atMs: first.atMs - 8_000,
      code: 'code_expired',
      other: null,
    };
    if (!borrower) return [late];
    const lent: RefusalModel = {
      student: borrower,
      keyId: first.keyId,
      atMs: first.atMs + MINUTE_MS,
      code: 'device_already_used',
      other: first.student,
    };
    this.#context.trail.add(
      lent.atMs,
      auditEntry(seededPerson(borrower.user.id, 'student'), {
        chain: sessionChain(session.id),
        action: 'security.device_shared',
        entityType: 'AttendanceSession',
        entityId: session.id,
        sessionId: session.id,
        studentId: borrower.id,
        after: { other_student: first.student.id },
      }),
    );
    return [late, lent];
  }

  /** The named accounts have no phone; what the teacher chose for one is always the same. */
  #reasonOf(student: StudentModel): Fallback | null {
    if (DemoPhones.isOwner(student)) return this.#context.random.pick(CHOSEN);
    return student.user.email === 'student2@demo.campus' ? 'no_phone' : 'id_card';
  }

  #mark(
    register: Register,
    teacher: FacultyModel,
    byHand: readonly { readonly student: StudentModel; readonly fallback: Fallback | null }[],
  ): void {
    const { random } = this.#context;
    const startMs = Date.parse(register.session.startAt);
    const atMs = startMs + random.between(16 * MINUTE_MS, 20 * MINUTE_MS);
    register.mark(
      atMs,
      seededPerson(teacher.user.id, 'faculty'),
      byHand.map(({ student, fallback }) => ({
        opId: idAt(random, atMs),
        studentId: student.id,
        mark: random.chance(student.punctuality) ? 'present' : 'late',
        rank: RANK.faculty,
        source: 'manual',
        ...(fallback === null ? {} : { evidence: { fallback } }),
      })),
    );
  }

  /** Heads are counted in the first two classes of a section: in the second one some of those marked were not there. */
  #count(register: Register, teacher: FacultyModel, earlier: number): CodeClass['count'] {
    if (earlier > 1) return null;
    const marked = register
      .records()
      .filter(({ mark }) => mark === 'present' || mark === 'late').length;
    const heads = Math.max(0, earlier === 0 ? marked : marked - 4);
    const atMs = Date.parse(register.session.startAt) + 30 * MINUTE_MS;
    const { id } = register.session;
    this.#context.trail.add(
      atMs,
      auditEntry(seededPerson(teacher.user.id, 'faculty'), {
        chain: sessionChain(id),
        action: 'session.heads_counted',
        entityType: 'HeadCount',
        entityId: countId(id),
        sessionId: id,
        after: { heads, marked, outcome: judgeHeadCount(marked, heads) },
      }),
    );
    return { heads, marked, atMs };
  }
}

const countId = (sessionId: Id): Id => uuidV5(sessionId, 'head_count');

function writeDisplays(em: Em, played: readonly CodeClass[]): Promise<void> {
  return bulkInsert(
    em,
    'session_display',
    [
      ['session_id', 'uuid', ({ session }) => session.id],
      ['started_at', 'timestamptz', ({ shownAtMs }) => iso(shownAtMs)],
      ['started_by_id', 'uuid', ({ teacher }) => teacher.user.id],
      ['expires_at', 'timestamptz', ({ session, shownAtMs }) => displayEnd(session, shownAtMs)],
      ['mode', 'text', () => 'rotating'],
    ],
    played,
  );
}

/** Evidence, and the claim of the phone in its class. */
async function writeScans(
  { random }: SeedContext,
  em: Em,
  played: readonly CodeClass[],
): Promise<void> {
  const scans = played.flatMap(({ session, scans: own }) =>
    own.map((scan) => ({ ...scan, session })),
  );
  await bulkInsert(
    em,
    'presence_evidence',
    [
      ['id', 'uuid', (scan) => idAt(random, scan.atMs)],
      ['created_at', 'timestamptz', (scan) => iso(scan.atMs)],
      ['session_id', 'uuid', (scan) => scan.session.id],
      ['student_id', 'uuid', (scan) => scan.student.id],
      ['step', 'bigint', (scan) => scan.step],
      ['op_id', 'uuid', (scan) => scan.opId],
      ['via', 'text', () => 'qr'],
      ['purpose', 'text', () => 'entry'],
      ['device_key_id', 'uuid', (scan) => scan.keyId],
      ['ticket_id', 'uuid', (scan) => idAt(random, scan.atMs)],
      ['network', 'text', () => 'unknown'],
      ['geofence', 'text', () => 'unknown'],
      ['geofence_reason', 'text', () => 'no_fence'],
      ['level', 'text', (scan) => scan.session.policy.presenceLevel],
      ['geofence_mode', 'text', (scan) => geofenceModeFor(scan.session.policy)],
      ['risk_score', 'int', (scan) => scan.score],
      ['risk_parts', 'jsonb', (scan) => scan.parts],
      ['verdict', 'text', (scan) => scan.verdict],
    ],
    scans,
  );
  await bulkInsert(
    em,
    'session_device_claim',
    [
      ['session_id', 'uuid', (scan) => scan.session.id],
      ['device_key_id', 'uuid', (scan) => scan.keyId],
      ['student_id', 'uuid', (scan) => scan.student.id],
      ['claimed_at', 'timestamptz', (scan) => iso(scan.atMs)],
    ],
    scans,
  );
}

function writeRefusals(
  { random }: SeedContext,
  em: Em,
  played: readonly CodeClass[],
): Promise<void> {
  return bulkInsert(
    em,
    'scan_refusal',
    [
      ['id', 'uuid', (refusal) => idAt(random, refusal.atMs)],
      ['created_at', 'timestamptz', (refusal) => iso(refusal.atMs)],
      ['session_id', 'uuid', (refusal) => refusal.session.id],
      ['student_id', 'uuid', (refusal) => refusal.student.id],
      ['device_key_id', 'uuid', (refusal) => refusal.keyId],
      ['code', 'text', (refusal) => refusal.code],
      ['other_student_id', 'uuid', (refusal) => refusal.other?.id ?? null],
    ],
    played.flatMap(({ session, refusals }) => refusals.map((refusal) => ({ ...refusal, session }))),
  );
}

function writeCounts(em: Em, played: readonly CodeClass[]): Promise<void> {
  return bulkInsert(
    em,
    'head_count',
    [
      ['id', 'uuid', ({ session }) => countId(session.id)],
      ['created_at', 'timestamptz', ({ count }) => iso(count.atMs)],
      ['session_id', 'uuid', ({ session }) => session.id],
      ['heads', 'int', ({ count }) => count.heads],
      ['marked', 'int', ({ count }) => count.marked],
      ['tolerance', 'int', ({ count }) => headCountTolerance(count.marked)],
      ['outcome', 'text', ({ count }) => judgeHeadCount(count.marked, count.heads)],
      ['counted_by_id', 'uuid', ({ teacher }) => teacher.user.id],
    ],
    played.flatMap((own) => (own.count === null ? [] : [{ ...own, count: own.count }])),
  );
}

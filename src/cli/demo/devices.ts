/** The demo gateway with its terminals, and the students who agreed to be matched by them. */
import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { auditEntry, personChain } from '../../audit/append-log.ts';
import type { Id } from '../../domain/types.ts';
import { bulkInsert } from './bulk-insert.ts';
import { DAY_MS, idAt, iso, seededPerson, SEED_ACTOR, type SeedContext } from './context.ts';
import type { StudentModel, University } from './university.ts';

/** A terminal; `deviceId` is its serial on the wire. */
export interface TerminalModel {
  readonly id: Id;
  readonly deviceId: string;
  readonly roomId: Id;
  readonly roomCode: string;
}

/** The demo gateway and whom its terminals know. */
export interface DemoDevices {
  readonly gatewayId: Id;
  readonly kid: string;
  readonly privateSeed: string;
  readonly publicKey: string;
  readonly byRoom: ReadonlyMap<Id, TerminalModel>;
  /** Enrolment reference by student id. */
  readonly enrolled: ReadonlyMap<Id, string>;
}

const AGREED_SHARE = 0.88;

/**
 * Makes up gateway, terminals and enrolments. The gateway's key pair is random, never from the
 * seeded generator, since its private half admits marks; so are the enrolment references.
 */
export function makeDevices({ random, nowMs }: SeedContext, university: University): DemoDevices {
  const key = generateKeyPairSync('ed25519');
  const terminals = university.rooms
    .filter(({ seed }) => seed.hasTerminal)
    .map(({ id, seed }): TerminalModel => ({
      id: idAt(random, nowMs),
      deviceId: `DEMO-${seed.code}`,
      roomId: id,
      roomCode: seed.code,
    }));
  const agreed = university.students.filter(
    (student) => student.user.email.startsWith('student') || random.chance(AGREED_SHARE),
  );
  return {
    gatewayId: idAt(random, nowMs),
    kid: `demo-${randomBytes(6).toString('hex')}`,
    privateSeed: lastBytes(key.privateKey, 'pkcs8'),
    publicKey: lastBytes(key.publicKey, 'spki'),
    byRoom: new Map(terminals.map((terminal) => [terminal.roomId, terminal])),
    enrolled: new Map(
      agreed.map((student) => [student.id, `enr_${randomBytes(12).toString('base64url')}`]),
    ),
  };
}

/** The 32 raw bytes of an Ed25519 key end its DER form (RFC 8410). */
function lastBytes(key: KeyObject, type: 'pkcs8' | 'spki'): string {
  return key.export({ format: 'der', type }).subarray(-32).toString('base64url');
}

/** Writes gateway, terminals, consent and enrolments. */
export async function writeDevices(
  context: SeedContext,
  university: University,
  devices: DemoDevices,
): Promise<void> {
  const { em } = context;
  const terminals = [...devices.byRoom.values()];
  await bulkInsert(
    em,
    'gateway',
    [
      ['id', 'uuid', (row) => row.gatewayId],
      ['name', 'text', () => 'Demo gateway'],
    ],
    [devices],
  );
  await bulkInsert(
    em,
    'gateway_key',
    [
      ['kid', 'text', (row) => row.kid],
      ['gateway_id', 'uuid', (row) => row.gatewayId],
      ['public_key', 'text', (row) => row.publicKey],
    ],
    [devices],
  );
  await bulkInsert(
    em,
    'biometric_device',
    [
      ['id', 'uuid', (terminal) => terminal.id],
      ['device_id', 'text', (terminal) => terminal.deviceId],
      ['device_name', 'text', (terminal) => `Face terminal ${terminal.roomCode}`],
      ['device_type', 'text', () => 'face'],
      ['location', 'text', (terminal) => terminal.roomCode],
      ['gateway_id', 'uuid', () => devices.gatewayId],
    ],
    terminals,
  );
  await bulkInsert(
    em,
    'biometric_device_room',
    [
      ['device_id', 'uuid', (terminal) => terminal.id],
      ['room_id', 'uuid', (terminal) => terminal.roomId],
    ],
    terminals,
  );
  context.trail.add(
    context.nowMs,
    auditEntry(SEED_ACTOR, {
      chain: 'area:devices',
      action: 'gateway.registered',
      entityType: 'Gateway',
      entityId: devices.gatewayId,
      after: { kid: devices.kid, terminals: terminals.length },
    }),
  );
  await writeEnrolments(context, university, devices);
}

async function writeEnrolments(
  context: SeedContext,
  university: University,
  devices: DemoDevices,
): Promise<void> {
  const { em, random } = context;
  const firstDayMs = Date.parse(university.calendar.semester.startsOn) + DAY_MS / 4;
  const enrolled = university.students.flatMap((student) => {
    const ref = devices.enrolled.get(student.id);
    if (ref === undefined) return [];
    const atMs = firstDayMs + random.between(0, DAY_MS / 4);
    return [{ student, ref, atMs, consentId: idAt(random, atMs), id: idAt(random, atMs + 60_000) }];
  });
  await bulkInsert(
    em,
    'consent_event',
    [
      ['id', 'uuid', (row) => row.consentId],
      ['created_at', 'timestamptz', (row) => iso(row.atMs)],
      ['student_id', 'uuid', (row) => row.student.id],
      ['purpose', 'text', () => 'biometric_attendance'],
      ['granted', 'boolean', () => true],
      ['notice_version', 'text', () => 'demo-1'],
      ['channel', 'text', () => 'desk'],
    ],
    enrolled,
  );
  await bulkInsert(
    em,
    'biometric_enrolment',
    [
      ['id', 'uuid', (row) => row.id],
      ['ref', 'text', (row) => row.ref],
      ['student_id', 'uuid', (row) => row.student.id],
      ['modality', 'text', () => 'face'],
      ['consent_event_id', 'uuid', (row) => row.consentId],
    ],
    enrolled,
  );
  for (const { student, atMs, consentId } of enrolled) {
    context.trail.add(atMs, consentEntry(student, consentId));
  }
}

function consentEntry(student: StudentModel, consentId: Id) {
  return auditEntry(seededPerson(student.user.id, 'student'), {
    chain: personChain(student.id),
    action: 'consent.given',
    entityType: 'ConsentEvent',
    entityId: consentId,
    studentId: student.id,
    after: { purpose: 'biometric_attendance', notice_version: 'demo-1' },
  });
}

/**
 * Writes the gateway's private key for scripts that play it (mode 0600), complete or not at all.
 * @returns the file's path
 */
export function writeGatewayFile(
  keyFolder: string,
  university: University,
  devices: DemoDevices,
): string {
  const subject = university.students.find(({ user }) => user.email === 'student@demo.campus');
  const file = path.join(keyFolder, 'demo-gateway.json');
  const draft = `${file}.${process.pid}.tmp`;
  const content = {
    gateway_id: devices.gatewayId,
    kid: devices.kid,
    private_key: devices.privateSeed,
    public_key: devices.publicKey,
    devices: [...devices.byRoom.values()].map(({ deviceId, roomCode }) => ({
      device_id: deviceId,
      rooms: [roomCode],
    })),
    subjects: subject ? [devices.enrolled.get(subject.id)] : [],
  };
  mkdirSync(keyFolder, { recursive: true, mode: 0o700 });
  writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
  return file;
}

/** One match of a terminal: stored raw, resolved to student and class, and marked, once. */
import { appendLog } from '../../audit/append-log.ts';
import { firstRow, rows, sqlState, type Em } from '../../db/orm.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import type { EventCode, EventStatus } from '../../domain/devices/event-results.ts';
import { judgeClock, type JudgedInstant } from '../../domain/devices/judge-clock.ts';
import { placePunch, type PunchPlace } from '../../domain/devices/place-punch.ts';
import { AppError } from '../../domain/errors.ts';
import type { Id } from '../../domain/types.ts';
import { uuidV5 } from '../../security/uuid-v5.ts';
import type { Operation } from '../ports.ts';
import { applyOperations, type OperationDraft } from '../records/apply-operations.ts';
import { deviceAlert } from './device-alerts.ts';
import { findCandidates, findSubject, type Subject } from './find-subject.ts';
import { beginMarks } from '../sessions/session-row.ts';

/** A match as its gateway reports it. */
export interface MatchEvent {
  readonly eventId: Id;
  /** Serial of the terminal. */
  readonly deviceId: string;
  readonly bootId: string;
  readonly sequence: number;
  readonly capturedMs: number;
  readonly clockOffsetMs: number | null;
  readonly subjectRef: string;
  readonly modality: 'finger' | 'face' | 'iris' | 'palm' | 'vein' | 'card' | 'pin';
  readonly score: number | null;
  readonly threshold: number | null;
  readonly liveness: 'pass' | 'fail' | 'not_performed';
  /** SHA-256 of the event in RFC 8785 form. */
  readonly payloadHash: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** How an event arrived. */
export interface Receipt {
  readonly gatewayId: Id;
  readonly receivedMs: number;
  /** Gateway minus server. */
  readonly gatewayOffsetMs: number;
}

/** What became of an event; `first` is the status of the first delivery of a duplicate. */
export interface EventResult {
  readonly eventId: Id;
  readonly status: EventStatus;
  readonly code: EventCode | null;
  readonly opIds: readonly Id[];
  readonly first: EventStatus | null;
}

const ATTEMPTS = 3;
/** Lock timeout, serialization, deadlock, and the same event being stored next to us. */
const TRANSIENT_STATES = ['55P03', '40001', '40P01', '23505'];
/** A punch older than this on arrival was stored by the gateway meanwhile. */
const ONLINE_WITHIN_MS = 120_000;

/** Stores one event in a transaction of its own; `retry` means that nothing was stored. */
export async function receiveMatch(
  operation: Operation,
  event: MatchEvent,
  receipt: Receipt,
): Promise<EventResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await operation.em.transactional(async (em) => {
        await beginMarks(em);
        return store({ ...operation, em }, em, event, receipt);
      });
    } catch (error) {
      const isTransient =
        (error instanceof AppError && error.code === 'try_again') ||
        TRANSIENT_STATES.includes(sqlState(error) ?? '');
      if (!isTransient) throw error;
      if (attempt === ATTEMPTS) return resultOf(event, { status: 'retry', code: 'try_again' });
    }
  }
}

interface Outcome {
  readonly status: EventStatus;
  readonly code: EventCode | null;
  readonly opIds?: readonly Id[];
}

function resultOf(event: MatchEvent, { status, code, opIds = [] }: Outcome): EventResult {
  return { eventId: event.eventId, status, code, opIds, first: null };
}

async function store(
  operation: Operation,
  em: Em,
  event: MatchEvent,
  receipt: Receipt,
): Promise<EventResult> {
  const device = await findDevice(em, receipt.gatewayId, event.deviceId);
  if (!device) return resultOf(event, { status: 'rejected', code: 'device_unknown' });
  const known = await findKnown(em, receipt.gatewayId, device.id, event);
  if (known) return repeated(operation, em, event, receipt, known);
  const clock = judgeClock({ ...event, ...receipt });
  const subject = await findSubject(em, event.subjectRef, new Date(clock.effMs));
  const refusal = refusalOf(event, device, subject, clock);
  const outcome =
    refusal ??
    (subject && (await markSubject(operation, em, { event, receipt, device, subject, clock })));
  if (!outcome) throw new Error('an event without a subject was not refused');
  await insertPunch(operation, em, { event, receipt, device, subject, clock, outcome });
  if (outcome.code === 'liveness_failed') await alert(operation, em, receipt, 'liveness_failed');
  return resultOf(event, outcome);
}

interface Device {
  readonly id: Id;
  readonly status: 'active' | 'inactive' | 'maintenance';
}

function findDevice(em: Em, gatewayId: Id, deviceId: string): Promise<Device | undefined> {
  return firstRow<Device>(
    em,
    'select id, status from biometric_device where device_id = ? and gateway_id = ?::uuid',
    [deviceId, gatewayId],
  );
}

interface KnownPunch {
  readonly event_id: Id;
  readonly payload_hash: string;
  readonly status: EventStatus;
  readonly code: EventCode | null;
  readonly op_ids: Id[];
}

/** The stored event of the same id, or of the same counter of the same boot of the terminal. */
function findKnown(
  em: Em,
  gatewayId: Id,
  deviceId: Id,
  event: MatchEvent,
): Promise<KnownPunch | undefined> {
  return firstRow<KnownPunch>(
    em,
    `select event_id, payload_hash, status, code, op_ids from device_punch
     where gateway_id = ?::uuid and event_id = ?::uuid
     union all
     select event_id, payload_hash, status, code, op_ids from device_punch
     where device_id = ?::uuid and boot_id = ? and sequence = ?::int
     limit 1`,
    [gatewayId, event.eventId, deviceId, event.bootId, event.sequence],
  );
}

async function repeated(
  operation: Operation,
  em: Em,
  event: MatchEvent,
  receipt: Receipt,
  known: KnownPunch,
): Promise<EventResult> {
  if (known.event_id === event.eventId && known.payload_hash === event.payloadHash) {
    const { status: first, code, op_ids: opIds } = known;
    return { eventId: event.eventId, status: 'duplicate', code, opIds, first };
  }
  await alert(operation, em, receipt, 'event_id_reused');
  return resultOf(event, { status: 'rejected', code: 'event_id_reused' });
}

async function alert(
  { actor, ids }: Operation,
  em: Em,
  { gatewayId }: Receipt,
  code: string,
): Promise<void> {
  await appendLog(em, ids, { audit: [deviceAlert(actor, gatewayId, code)] });
}

/** Why an event gives no mark whatever the timetable, in the order of devices.md. */
function refusalOf(
  event: MatchEvent,
  device: Device,
  subject: Subject | undefined,
  clock: JudgedInstant,
): Outcome | null {
  const { score, threshold } = event;
  if (score !== null && threshold !== null && score < threshold) {
    return { status: 'rejected', code: 'below_threshold' };
  }
  if (event.liveness === 'fail') return { status: 'rejected', code: 'liveness_failed' };
  if (device.status !== 'active') return { status: 'rejected', code: 'device_inactive' };
  if (subject && !subject.hasConsent) return { status: 'rejected', code: 'consent_withdrawn' };
  if (clock.code) return { status: 'quarantined', code: clock.code };
  if (subject && !subject.hadConsent) return { status: 'rejected', code: 'consent_withdrawn' };
  if (!subject) return { status: 'parked', code: 'subject_unknown' };
  return null;
}

interface Punch {
  readonly event: MatchEvent;
  readonly receipt: Receipt;
  readonly device: Device;
  readonly subject: Subject;
  readonly clock: JudgedInstant;
}

async function markSubject(operation: Operation, em: Em, punch: Punch): Promise<Outcome> {
  const { device, subject, clock } = punch;
  const { candidates, isRoomInUse } = await findCandidates(
    em,
    device.id,
    subject.studentId,
    new Date(clock.effMs),
  );
  // Ascending ids, so that two punches over the same pair of classes cannot wait for each other.
  const places = placePunch(clock.effMs, candidates).sort((left, right) =>
    left.sessionId < right.sessionId ? -1 : 1,
  );
  if (places.length === 0) {
    return { status: 'parked', code: isRoomInUse ? 'not_on_roster' : 'no_session' };
  }
  const opIds: Id[] = [];
  const waiting: Id[] = [];
  let refused: EventCode | null = null;
  for (const place of places) {
    const [result] = await applyOperations(operation, em, place.sessionId, [draftOf(punch, place)]);
    if (result?.code === 'session_locked' && result.status === 'needs_review') {
      waiting.push(result.opId);
    } else if (result && result.status !== 'rejected') opIds.push(result.opId);
    else refused ??= (result?.code ?? null) as EventCode | null;
  }
  if (opIds.length > 0) return { status: 'accepted', code: null, opIds };
  if (waiting.length > 0) return { status: 'quarantined', code: 'session_locked', opIds: waiting };
  return { status: refused === 'session_locked' ? 'quarantined' : 'parked', code: refused };
}

function draftOf(
  { event, receipt, device, subject, clock }: Punch,
  { sessionId, phase, isAmbiguous }: PunchPlace,
): OperationDraft {
  const isStored = receipt.receivedMs - clock.effMs > ONLINE_WITHIN_MS;
  return {
    opId: uuidV5(device.id, `${event.eventId}|${sessionId}|${phase}`),
    studentId: subject.studentId,
    mark: 'present',
    rank: rankOf(event, clock),
    source: event.modality === 'card' ? 'card' : 'biometric',
    captureMode: isStored ? 'offline' : 'online',
    effAt: new Date(clock.effMs).toISOString(),
    phase,
    flags: [
      ...(clock.isFlagged ? ['clock_flagged'] : []),
      ...(isAmbiguous ? ['ambiguous_session'] : []),
    ],
    deviceRef: event.deviceId,
    draftsAfterLock: true,
    evidence: { event_id: event.eventId, device: device.id, modality: event.modality },
  };
}

/** devices.md section 1.2 "Rank"; a flagged clock takes the place of a missing liveness check. */
function rankOf({ modality, liveness }: MatchEvent, { isFlagged }: JudgedInstant): number {
  if (modality === 'card') return RANK.card;
  if (modality === 'pin') return RANK.weak;
  return liveness === 'pass' && !isFlagged ? RANK.biometric : RANK.biometricNoLiveness;
}

async function insertPunch(
  { ids }: Operation,
  em: Em,
  {
    event,
    receipt,
    device,
    subject,
    clock,
    outcome,
  }: Omit<Punch, 'subject'> & {
    readonly subject: Subject | undefined;
    readonly outcome: Outcome;
  },
): Promise<void> {
  // Without consent only the fact that something came is kept (devices.md section 3).
  const isKept = outcome.code !== 'consent_withdrawn';
  const iso = (ms: number): string => new Date(ms).toISOString();
  await rows(
    em,
    `insert into device_punch (id, gateway_id, event_id, device_id, boot_id, sequence, kind,
       captured_at, received_at, eff_at, clock_offset_ms, subject_ref, student_id, payload_hash,
       status, code, op_ids, payload)
     values (?::uuid, ?::uuid, ?::uuid, ?::uuid, ?, ?::int, 'match', ?::timestamptz,
       ?::timestamptz, ?::timestamptz, ?::int, ?, ?::uuid, ?, ?, ?, ?::uuid[], ?::jsonb)`,
    [
      ids.next(),
      receipt.gatewayId,
      event.eventId,
      device.id,
      event.bootId,
      event.sequence,
      iso(event.capturedMs),
      iso(receipt.receivedMs),
      iso(clock.effMs),
      clock.offsetMs,
      isKept ? event.subjectRef : null,
      isKept ? (subject?.studentId ?? null) : null,
      event.payloadHash,
      outcome.status,
      outcome.code,
      outcome.opIds ?? [],
      JSON.stringify(isKept ? event.payload : {}),
    ],
  );
}

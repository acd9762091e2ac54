/** The evidence ledger and the records computed from it (marks.md). */
import { defineEntity, p } from '@mikro-orm/core';
import type {
  CaptureMode,
  ClockTrust,
  ExcuseCategory,
  Mark,
  MarkSource,
  OperationOutcome,
} from '../../domain/types.ts';
import { edited, instant } from './base.ts';
import { DeviceKey } from './device-keys.ts';
import { AppUser, Student } from './people.ts';
import { AttendanceSession } from './sessions.ts';

const AttendanceOperationSchema = defineEntity({
  name: 'AttendanceOperation',
  indexes: [{ properties: ['session', 'student'] }],
  checks: [
    {
      name: 'attendance_operation_outcome_check',
      expression: "outcome in ('admitted','review','rejected')",
    },
  ],
  properties: {
    opId: p.uuid().primary(),
    session: () => p.manyToOne(AttendanceSession).ref(),
    student: () => p.manyToOne(Student).ref(),
    kind: p.text().$type<'mark' | 'withdraw'>(),
    mark: p.text().$type<Mark>().nullable(),
    rank: p.integer(),
    source: p.text().$type<MarkSource>(),
    captureMode: p.text().$type<CaptureMode>().default('online'),
    actor: () => p.manyToOne(AppUser).ref().nullable(),
    effAt: instant(),
    receivedAt: instant(),
    capturedAt: instant().nullable(),
    clockTrust: p.text().$type<ClockTrust>().nullable(),
    outcome: p.text().$type<OperationOutcome>().default('admitted'),
    outcomeCode: p.text().nullable(),
    deviceKey: () => p.manyToOne(DeviceKey).ref().nullable(),
    clientId: p.text().nullable(),
    epoch: p.integer(),
    baseOpId: p.uuid().nullable(),
    acks: p.array().columnType('uuid[]').$type<string[]>().defaultRaw("'{}'"),
    targetOpId: p.uuid().nullable(),
    excuseCategory: p.text().$type<ExcuseCategory>().nullable(),
    phase: p.text().$type<'entry' | 'exit'>().default('entry'),
    flags: p.array().columnType('text[]').$type<string[]>().defaultRaw("'{}'"),
    evidence: p.json<Record<string, unknown>>().nullable(),
    deviceRef: p.text().nullable(),
    leaveApplicationId: p.uuid().nullable().index(),
    correctionRequestId: p.uuid().nullable(),
    notesSealed: p.text().nullable(),
    reasonSealed: p.text().nullable(),
    payloadHash: p.text(),
    result: p.json<Record<string, unknown>>(),
  },
});
/** One immutable claim about one student in one session; never updated or deleted (R10). */
export class AttendanceOperation extends AttendanceOperationSchema.class {}
AttendanceOperationSchema.setClass(AttendanceOperation);

const AttendanceRecordSchema = defineEntity({
  name: 'AttendanceRecord',
  uniques: [
    { name: 'attendance_record_session_student_unique', properties: ['session', 'student'] },
  ],
  // By time: a scan looks for the student's other marks of these hours among those of years.
  indexes: [{ properties: ['student', 'markedAt'] }],
  properties: {
    ...edited,
    session: () => p.manyToOne(AttendanceSession).ref(),
    student: () => p.manyToOne(Student).ref(),
    mark: p.text().$type<Mark>().nullable(),
    winnerOp: () => p.manyToOne(AttendanceOperation).joinColumn('winner_op_id').ref().nullable(),
    rank: p.integer().nullable(),
    source: p.text().$type<MarkSource>().nullable(),
    captureMode: p.text().$type<CaptureMode>().nullable(),
    arrivalAt: instant().nullable(),
    markedAt: instant().nullable(),
    excuseCategory: p.text().$type<ExcuseCategory>().nullable(),
    flags: p.array().columnType('text[]').$type<string[]>().defaultRaw("'{}'"),
    version: p.integer().default(1),
  },
});
/** The current answer for one student in one session; a null mark reads as `unmarked`. */
export class AttendanceRecord extends AttendanceRecordSchema.class {}
AttendanceRecordSchema.setClass(AttendanceRecord);

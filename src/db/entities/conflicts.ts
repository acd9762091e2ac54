/** Contradictions between claims, shown to a person until one settles them (marks.md rule R6). */
import { defineEntity, p } from '@mikro-orm/core';
import type { ConflictKind, ConflictState } from '../../domain/types.ts';
import { instant, versioned } from './base.ts';
import { DeviceKey } from './device-keys.ts';
import { AppUser, Student } from './people.ts';
import { AttendanceSession } from './sessions.ts';

const AttendanceConflictSchema = defineEntity({
  name: 'AttendanceConflict',
  indexes: [{ properties: ['session', 'state'] }, { properties: ['student'] }],
  checks: [
    {
      name: 'attendance_conflict_state_check',
      expression: "state in ('open','settled','void')",
    },
  ],
  properties: {
    ...versioned,
    session: () => p.manyToOne(AttendanceSession).ref(),
    student: () => p.manyToOne(Student).ref().nullable(),
    kind: p.text().$type<ConflictKind>(),
    deviceKey: () => p.manyToOne(DeviceKey).ref().nullable(),
    opIds: p.array().columnType('uuid[]').$type<string[]>(),
    state: p.text().$type<ConflictState>().default('open'),
    openedAt: instant(),
    settledAt: instant().nullable(),
    resolvedBy: () => p.manyToOne(AppUser).ref().nullable(),
    resolutionSealed: p.text().nullable(),
  },
});
/**
 * One contradiction of a student's claims in a session, or of several students on one device
 * (`student` null). Unique per session, student, kind and device key.
 */
export class AttendanceConflict extends AttendanceConflictSchema.class {}
AttendanceConflictSchema.setClass(AttendanceConflict);

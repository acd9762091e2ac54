/** What scans leave behind: tickets, claims of devices, evidence, refusals, counts, re-checks. */
import { defineEntity, p } from '@mikro-orm/core';
import type { GeofenceReason, GeofenceVerdict } from '../../domain/presence/geofence.ts';
import type { HeadCountOutcome } from '../../domain/presence/head-count.ts';
import type { GeofenceMode, RiskPart, SecurityLevel } from '../../domain/presence/risk.ts';
import { created, instant } from './base.ts';
import { DeviceKey } from './device-keys.ts';
import { AppUser, Student } from './people.ts';
import { AttendanceSession } from './sessions.ts';

const ScanTicketSchema = defineEntity({
  name: 'ScanTicket',
  indexes: [{ properties: ['session', 'student', 'issuedAt'] }, { properties: ['expiresAt'] }],
  properties: {
    id: p.uuid().primary(),
    secretHash: p.text().unique(),
    session: () => p.manyToOne(AttendanceSession).ref(),
    student: () => p.manyToOne(Student).ref(),
    deviceKey: () => p.manyToOne(DeviceKey).ref(),
    issuedAt: instant().defaultRaw('app_clock()'),
    expiresAt: instant(),
    usedAt: instant().nullable(),
    attempts: p.integer().default(0),
  },
});
/** The right to send one scan: bound to student, device key and session, used once. */
export class ScanTicket extends ScanTicketSchema.class {}
ScanTicketSchema.setClass(ScanTicket);

const SessionDeviceClaimSchema = defineEntity({
  name: 'SessionDeviceClaim',
  properties: {
    session: () => p.manyToOne(AttendanceSession).ref().primary(),
    deviceKey: () => p.manyToOne(DeviceKey).ref().primary(),
    student: () => p.manyToOne(Student).ref(),
    claimedAt: instant().defaultRaw('app_clock()'),
  },
});
/** The one student a device key marked in a session (presence.md section 4). */
export class SessionDeviceClaim extends SessionDeviceClaimSchema.class {}
SessionDeviceClaimSchema.setClass(SessionDeviceClaim);

const PresenceEvidenceSchema = defineEntity({
  name: 'PresenceEvidence',
  uniques: [
    {
      name: 'presence_evidence_once_per_step',
      properties: ['session', 'step', 'student'],
    },
  ],
  indexes: [{ properties: ['opId'] }],
  properties: {
    ...created,
    session: () => p.manyToOne(AttendanceSession).ref(),
    student: () => p.manyToOne(Student).ref(),
    step: p.bigint('number'),
    opId: p.uuid(),
    via: p.text().$type<'qr' | 'static_qr' | 'text_code'>(),
    purpose: p.text().$type<'entry' | 'recheck' | 'exit'>(),
    deviceKey: () => p.manyToOne(DeviceKey).ref(),
    ticketId: p.uuid(),
    network: p.text().$type<'on_campus' | 'other'>(),
    geofence: p.text().$type<GeofenceVerdict>(),
    geofenceReason: p.text().$type<GeofenceReason>().nullable(),
    distanceM: p.integer().nullable(),
    accuracyM: p.integer().nullable(),
    positionHash: p.text().nullable(),
    level: p.text().$type<SecurityLevel>(),
    geofenceMode: p.text().$type<GeofenceMode>(),
    riskScore: p.integer(),
    riskParts: p.json<RiskPart[]>(),
    verdict: p.text().$type<'accepted' | 'accepted_flagged'>(),
  },
});
/**
 * What stood behind an accepted scan. Coordinates are never stored; `positionHash` recognises a
 * repeated position and is dropped a day after the lock.
 */
export class PresenceEvidence extends PresenceEvidenceSchema.class {}
PresenceEvidenceSchema.setClass(PresenceEvidence);

const ScanRefusalSchema = defineEntity({
  name: 'ScanRefusal',
  indexes: [{ properties: ['session', 'createdAt'] }, { properties: ['createdAt'] }],
  properties: {
    ...created,
    session: () => p.manyToOne(AttendanceSession).ref(),
    student: () => p.manyToOne(Student).ref(),
    deviceKey: () => p.manyToOne(DeviceKey).ref().nullable(),
    code: p.text(),
    otherStudent: () => p.manyToOne(Student).ref().nullable(),
  },
});
/** A scan that was refused, for the integrity report; never with a place. */
export class ScanRefusal extends ScanRefusalSchema.class {}
ScanRefusalSchema.setClass(ScanRefusal);

const SessionDisplaySchema = defineEntity({
  name: 'SessionDisplay',
  checks: [{ name: 'session_display_mode_check', expression: "mode in ('rotating','static')" }],
  properties: {
    session: () => p.manyToOne(AttendanceSession).ref().primary(),
    startedAt: instant(),
    startedBy: () => p.manyToOne(AppUser).ref(),
    expiresAt: instant(),
    mode: p.text().$type<'rotating' | 'static'>(),
    staticStepMinutes: p.integer().nullable(),
    staticExpiryMinutes: p.integer().nullable(),
    textCode: p.boolean().default(false),
    exitStartedAt: instant().nullable(),
  },
});
/**
 * That a session shows codes, of which kind, and since when the exit scan runs; `expiresAt` is when
 * the right of the screen ends that was given last.
 */
export class SessionDisplay extends SessionDisplaySchema.class {}
SessionDisplaySchema.setClass(SessionDisplay);

const HeadCountSchema = defineEntity({
  name: 'HeadCount',
  indexes: [{ properties: ['session', 'createdAt'] }],
  checks: [{ name: 'head_count_heads_check', expression: 'heads >= 0' }],
  properties: {
    ...created,
    session: () => p.manyToOne(AttendanceSession).ref(),
    heads: p.integer(),
    marked: p.integer(),
    tolerance: p.integer(),
    outcome: p.text().$type<HeadCountOutcome>(),
    countedBy: () => p.manyToOne(AppUser).ref(),
  },
});
/** Heads somebody counted, beside the marks of that moment; never changed. */
export class HeadCount extends HeadCountSchema.class {}
HeadCountSchema.setClass(HeadCount);

const RecheckSchema = defineEntity({
  name: 'Recheck',
  checks: [
    {
      name: 'recheck_status_check',
      expression: "status in ('planned','running','settled','cancelled')",
    },
  ],
  properties: {
    ...created,
    session: () => p.manyToOne(AttendanceSession).ref().unique(),
    status: p.text().$type<'planned' | 'running' | 'settled' | 'cancelled'>(),
    startedBy: () => p.manyToOne(AppUser).ref().nullable(),
    percent: p.integer(),
    dueAt: instant(),
    startedAt: instant().nullable(),
    endsAt: instant().nullable(),
    settledAt: instant().nullable(),
  },
});
/** The re-check of a session: one, at a random moment, settled when its time is over. */
export class Recheck extends RecheckSchema.class {}
RecheckSchema.setClass(Recheck);

const RecheckPickSchema = defineEntity({
  name: 'RecheckPick',
  properties: {
    recheck: () => p.manyToOne(Recheck).ref().primary(),
    student: () => p.manyToOne(Student).ref().primary(),
    wasFlagged: p.boolean().default(false),
    passedAt: instant().nullable(),
    missed: p.boolean().default(false),
  },
});
/** A student drawn to scan again. */
export class RecheckPick extends RecheckPickSchema.class {}
RecheckPickSchema.setClass(RecheckPick);

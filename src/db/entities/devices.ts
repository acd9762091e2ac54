/** Gateways, the terminals under them, enrolments of students, and the punches they report. */
import { defineEntity, p } from '@mikro-orm/core';
import { created, edited, instant } from './base.ts';
import { Student } from './people.ts';
import { Room } from './structure.ts';

const GatewaySchema = defineEntity({
  name: 'Gateway',
  properties: {
    ...edited,
    name: p.text().unique(),
    status: p.text().$type<'active' | 'revoked'>().default('active'),
    lastSeenAt: instant().nullable(),
  },
});
/** A program on the campus network that forwards the events of local terminals. */
export class Gateway extends GatewaySchema.class {}
GatewaySchema.setClass(Gateway);

const GatewayKeySchema = defineEntity({
  name: 'GatewayKey',
  properties: {
    kid: p.text().primary(),
    gateway: () => p.manyToOne(Gateway).ref().index(),
    publicKey: p.text(),
    status: p.text().$type<'active' | 'retiring' | 'revoked'>().default('active'),
    createdAt: instant().defaultRaw('app_clock()'),
  },
});
/** An Ed25519 public key of a gateway: base64url of its 32 bytes. */
export class GatewayKey extends GatewayKeySchema.class {}
GatewayKeySchema.setClass(GatewayKey);

const BiometricDeviceSchema = defineEntity({
  name: 'BiometricDevice',
  properties: {
    ...edited,
    deviceId: p.text().unique(),
    deviceName: p.text(),
    deviceType: p.text().$type<'fingerprint' | 'face' | 'iris' | 'palm' | 'card'>(),
    location: p.text().default(''),
    status: p.text().$type<'active' | 'inactive' | 'maintenance'>().default('active'),
    ipAddress: p.text().nullable(),
    apiEndpoint: p.text().nullable(),
    gateway: () => p.manyToOne(Gateway).ref(),
    lastSeenAt: instant().nullable(),
  },
});
/** A terminal registered under a gateway; `deviceId` is its serial on the wire. */
export class BiometricDevice extends BiometricDeviceSchema.class {}
BiometricDeviceSchema.setClass(BiometricDevice);

const BiometricDeviceRoomSchema = defineEntity({
  name: 'BiometricDeviceRoom',
  properties: {
    device: () => p.manyToOne(BiometricDevice).ref().primary(),
    room: () => p.manyToOne(Room).ref().primary(),
  },
});
/** A room served by a terminal. */
export class BiometricDeviceRoom extends BiometricDeviceRoomSchema.class {}
BiometricDeviceRoomSchema.setClass(BiometricDeviceRoom);

const ConsentEventSchema = defineEntity({
  name: 'ConsentEvent',
  indexes: [{ properties: ['student', 'purpose', 'createdAt'] }],
  properties: {
    ...created,
    student: () => p.manyToOne(Student).ref(),
    purpose: p
      .text()
      .$type<'location_check' | 'biometric_attendance' | 'guardian_statements' | 'analytics'>(),
    granted: p.boolean(),
    noticeVersion: p.text(),
    channel: p.text(),
  },
});
/** One act of giving or withdrawing consent for one purpose; the newest one counts. */
export class ConsentEvent extends ConsentEventSchema.class {}
ConsentEventSchema.setClass(ConsentEvent);

const BiometricEnrolmentSchema = defineEntity({
  name: 'BiometricEnrolment',
  properties: {
    ...edited,
    ref: p.text().unique(),
    student: () => p.manyToOne(Student).ref().index(),
    modality: p.text(),
    status: p.text().$type<'active' | 'deleted'>().default('active'),
    consentEvent: () => p.manyToOne(ConsentEvent).ref(),
  },
});
/** An opaque reference a terminal reports on a match; no template is kept (devices.md section 3). */
export class BiometricEnrolment extends BiometricEnrolmentSchema.class {}
BiometricEnrolmentSchema.setClass(BiometricEnrolment);

const DevicePunchSchema = defineEntity({
  name: 'DevicePunch',
  uniques: [
    { name: 'device_punch_gateway_event_unique', properties: ['gateway', 'eventId'] },
    { name: 'device_punch_device_sequence_unique', properties: ['device', 'bootId', 'sequence'] },
  ],
  properties: {
    ...created,
    gateway: () => p.manyToOne(Gateway).ref(),
    eventId: p.uuid(),
    device: () => p.manyToOne(BiometricDevice).ref(),
    bootId: p.text(),
    sequence: p.integer(),
    kind: p.text(),
    capturedAt: instant(),
    receivedAt: instant(),
    effAt: instant(),
    clockOffsetMs: p.integer(),
    subjectRef: p.text().nullable(),
    student: () => p.manyToOne(Student).ref().nullable().index(),
    payloadHash: p.text(),
    status: p.text(),
    code: p.text().nullable(),
    opIds: p.array().columnType('uuid[]').$type<string[]>().defaultRaw("'{}'"),
    payload: p.json<Record<string, unknown>>(),
  },
});
/** One event of a terminal as received, and what became of it; idempotent by gateway and event id. */
export class DevicePunch extends DevicePunchSchema.class {}
DevicePunchSchema.setClass(DevicePunch);

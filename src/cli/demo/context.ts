/** What every part of the seeder shares. */
import { v7 } from 'uuid';
import type { Em } from '../../db/orm.ts';
import type { Random } from '../../db/seeders/random.ts';
import type { Id, LocalDate } from '../../domain/types.ts';
import type { Actor, Operation } from '../../operations/ports.ts';
import type { AuditTrail } from './audit-trail.ts';

/** The surroundings of one seeding run; `em` is its one transaction. */
export interface SeedContext {
  readonly em: Em;
  readonly operation: Operation;
  readonly random: Random;
  readonly trail: AuditTrail;
  readonly nowMs: number;
  readonly today: LocalDate;
}

/** Who the audit trail says did what nobody in particular did: the seeder. */
export const SEED_ACTOR: Actor = {
  userId: null,
  role: 'system',
  channel: 'seed',
  requestId: null,
  workflowId: null,
  ipNet: null,
  userAgentHash: null,
};

/** A person acting in the seeded past. */
export function seededPerson(userId: Id, role: string): Actor {
  return { ...SEED_ACTOR, userId, role };
}

/** A UUIDv7 of an instant whose random part comes from the generator: the same in every run. */
export function idAt(random: Random, atMs: number): Id {
  return v7({ msecs: atMs, random: random.bytes(16) });
}

/** An ISO 8601 instant. */
export function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Property builders every entity shares: ids made by the application, instants, row versions. */
import { p } from '@mikro-orm/core';

/** An instant column: `timestamptz` with microseconds, always UTC in code. */
export const instant = () => p.datetime().columnType('timestamptz');

/** A calendar date column, read and written as `YYYY-MM-DD`. */
export const localDate = () => p.string().columnType('date');

/** A wall-clock time column `HH:MM`, meant in the zone of its campus. */
export const localTime = () => p.string().columnType('time(0)');

/** Primary key made by the application (UUIDv7) and the instant of insertion. */
export const created = {
  id: p.uuid().primary(),
  createdAt: instant().defaultRaw('app_clock()'),
};

/** `created` plus the instant of the last change. */
export const edited = {
  ...created,
  updatedAt: instant().defaultRaw('app_clock()'),
};

/** `edited` plus the version that If-Match compares. */
export const versioned = {
  ...edited,
  version: p.integer().default(1),
};

/** Instants within sentences, for readers who get no other form of them. */
import type { Instant } from './types.ts';

/** `2026-12-01 04:20 UTC`: to the minute, and never without the zone it is read in. */
export const inUtc = (instant: Instant): string =>
  `${new Date(instant).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** The activity of the daily notices: the digest of open contradictions. */
import { writeDigests, type DigestReport } from '../operations/notifications/write-digests.ts';
import { guard } from './failures.ts';
import { callOperation, type ActivityParts } from './parts.ts';

/** Tells people what a day left open. */
export function noticeActivities(parts: ActivityParts) {
  return {
    /** Writes one digest per teacher and local day; a repeat of the day writes nothing. */
    writeConflictDigests: (): Promise<DigestReport> =>
      guard(parts.logger, 'writeConflictDigests', () => writeDigests(callOperation(parts))),
  };
}

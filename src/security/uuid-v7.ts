/** Ids that sort by the time they were made (RFC 9562); a scan needs many of them. */
import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const BYTES = 16;
const DRAWN_TOGETHER = 256;

/**
 * Makes ids, each greater than the one before it of the same maker. The randomness of many is drawn at
 * once: to ask the system for each costs ten times the rest.
 */
export function uuidV7Maker(): () => string {
  const drawn = Buffer.alloc(BYTES * DRAWN_TOGETHER);
  let used = drawn.length;
  let [msecs, seq] = [0, 0];
  return () => {
    if (used === drawn.length) {
      randomFillSync(drawn);
      used = 0;
    }
    const random = drawn.subarray(used, used + BYTES);
    used += BYTES;
    const now = Date.now();
    // Half of the counter is left for one millisecond, in which nobody makes two milliards of ids.
    [msecs, seq] = now > msecs ? [now, random.readUInt32BE(6) >>> 1] : [msecs, seq + 1];
    return v7({ random, msecs, seq });
  };
}

/** The secrets and clock of displayed codes, one set per process. */
import { createHmac, createSecretKey } from 'node:crypto';
import { createDatabaseClock, type DatabaseClock } from '../../db/database-clock.ts';
import { firstRow, type Orm } from '../../db/orm.ts';
import { appError } from '../../domain/errors.ts';
import { positionKey, type Point } from '../../domain/presence/geofence.ts';
import type { Id } from '../../domain/types.ts';
import { createDisplayTokens, type DisplayTokens } from '../../security/display-tokens.ts';
import type { Keys } from '../../security/keys.ts';
import { createQrCodes, type QrCodes } from '../../security/qr-codes.ts';
import { qrMasters } from '../../security/qr-masters.ts';
import type { Clock } from '../ports.ts';

/** What displays and scans need beside an operation. */
export interface PresenceTools {
  /** The codes of this institution; its id is read once. */
  codes(): Promise<QrCodes>;
  readonly displayTokens: DisplayTokens;
  readonly clock: DatabaseClock;
  /** A keyed hash that tells whether two positions are the same to six decimals. */
  positionHash(point: Point): string;
}

/** Makes the tools of a process. */
export function createPresenceTools({
  orm,
  keys,
  clock,
  isClockMovable,
}: {
  readonly orm: Orm;
  readonly keys: Keys;
  readonly clock: Clock;
  /** Tests move the database's clock; it is then measured at each reading. */
  readonly isClockMovable: boolean;
}): PresenceTools {
  const positionSecret = createSecretKey(keys.purposeKey('position'));
  let codes: Promise<QrCodes> | undefined;
  const openCodes = async (): Promise<QrCodes> => {
    const tenantId = await institutionId(orm);
    return createQrCodes({ tenantId, masters: () => qrMasters(keys, clock.now().getTime()) });
  };
  return {
    codes() {
      codes ??= openCodes().catch((error: unknown) => {
        codes = undefined;
        throw error;
      });
      return codes;
    },
    displayTokens: createDisplayTokens(keys.accessSigning),
    clock: isClockMovable ? createDatabaseClock(orm, 0) : createDatabaseClock(orm),
    positionHash: (point) =>
      createHmac('sha256', positionSecret).update(positionKey(point)).digest('base64url'),
  };
}

async function institutionId(orm: Orm): Promise<Id> {
  const row = await firstRow<{ id: Id }>(
    orm.em.fork(),
    'select id from institution order by created_at, id limit 1',
  );
  if (!row) throw appError('invariant_broken', 'There is no institution to make codes for.');
  return row.id;
}

/** Who is told of a mark: students whose evidence was overruled, people who disagree (rule R6). */
import type { Em } from '../../db/orm.ts';
import type { Operation } from '../ports.ts';
import type { SessionRow } from '../sessions/session-row.ts';
import type { BatchOutcome } from './mark-batch.ts';

export async function tellOfMarks(
  _operation: Operation,
  _em: Em,
  _session: SessionRow,
  _outcome: BatchOutcome,
): Promise<void> {}

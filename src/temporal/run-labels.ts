/** The label of a row's run, for the summary that operators see in lists. */
import type { Orm } from '../db/orm.ts';
import { loadCaseView } from '../operations/requests/load-case-view.ts';
import type { RunRef } from '../operations/runs/run-ref.ts';
import { loadSessionView } from '../operations/sessions/load-session-view.ts';

/** Reads a run's label from its row; undefined when the row is gone. */
export async function readRunLabel(orm: Orm, { kind, id }: RunRef): Promise<string | undefined> {
  const em = orm.em.fork();
  const view =
    kind === 'session' ? await loadSessionView(em, id) : await loadCaseView(em, kind, id);
  return view?.label;
}

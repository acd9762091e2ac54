/** Own entries as the approver sees them: by class. */
import type { SelfEntry } from '../api/types.ts';

/** The entries of one class, oldest first. */
export interface EntryGroup {
  readonly session: SelfEntry['session'];
  readonly entries: readonly SelfEntry[];
}

/** Groups by class, the class that began first at the top. */
export function byClass(entries: readonly SelfEntry[]): EntryGroup[] {
  const groups = new Map<string, EntryGroup>();
  const oldestFirst = [...entries].sort((a, b) => a.submitted_at.localeCompare(b.submitted_at));
  for (const entry of oldestFirst) {
    const { id } = entry.session;
    const known = groups.get(id)?.entries ?? [];
    groups.set(id, { session: entry.session, entries: [...known, entry] });
  }
  return [...groups.values()].sort((a, b) =>
    a.session.start_datetime.localeCompare(b.session.start_datetime),
  );
}

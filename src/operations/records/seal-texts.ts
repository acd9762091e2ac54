/** Seals the free text of claims before any lock is taken. */
import type { Operation } from '../ports.ts';
import type { OperationDraft } from './operation-draft.ts';

/** Notes and reason of one claim under the student's data key. */
export interface SealedTexts {
  readonly notes: string | null;
  readonly reason: string | null;
}

/** Seals notes and reasons; claims without text cost nothing. */
export async function sealTexts(
  { sealer }: Operation,
  drafts: readonly OperationDraft[],
): Promise<Map<OperationDraft, SealedTexts>> {
  const sealed = new Map<OperationDraft, SealedTexts>();
  for (const draft of drafts) {
    const seal = (column: string, text: string | null | undefined) =>
      text
        ? sealer.seal(
            `student:${draft.studentId}`,
            { table: 'attendance_operation', column, rowId: draft.opId },
            text,
          )
        : null;
    if (!draft.notes && !draft.reason) continue;
    sealed.set(draft, {
      notes: await seal('notes_sealed', draft.notes),
      reason: await seal('reason_sealed', draft.reason),
    });
  }
  return sealed;
}

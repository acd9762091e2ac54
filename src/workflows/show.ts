/** What operators read of a run in the Temporal UI: search attributes and details (section 11). */
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { nextTransition } from '../domain/session/transitions.ts';
import type { Instant } from '../domain/types.ts';
import {
  SEARCH_ATTRIBUTES,
  type CaseView,
  type LadderStep,
  type Refusal,
  type SessionView,
} from './contract.ts';

type KeywordName = 'CaseKind' | 'CaseStatus' | 'CampusId' | 'DepartmentId' | 'SectionId';

const keyword = (name: KeywordName, value: string) => ({
  key: { name, type: SEARCH_ATTRIBUTES[name] },
  value,
});
const dueAt = (at: Instant) => ({
  key: { name: 'DueAt', type: SEARCH_ATTRIBUTES.DueAt },
  value: new Date(at),
});

/** Publishes a session's search attributes; call it only when its status or window changed. */
export function showSessionAttributes(view: SessionView): void {
  upsertSearchAttributes([
    keyword('CaseKind', 'session'),
    keyword('CaseStatus', view.status),
    keyword('CampusId', view.campusId),
    keyword('DepartmentId', view.departmentId),
    keyword('SectionId', view.sectionId),
    dueAt(nextTransition(view).at),
  ]);
}

const NEXT_WORDS = {
  open: 'opens',
  close: 'closes',
  lock: 'locks',
  expire: 'can be restored until its start',
  none: 'nothing more happens',
} as const;

/** Writes a session's current details: what it is, what happens next and when, last refusals. */
export function showSession(view: SessionView, refusals: readonly Refusal[]): void {
  const due = nextTransition(view);
  setCurrentDetails(
    [
      `**${view.label}** is **${view.status}** (epoch ${view.epoch}).`,
      due.edge === 'none' ? 'Nothing more happens.' : `Next: ${NEXT_WORDS[due.edge]} at ${due.at}.`,
      `Window: ${view.opensAt} to ${view.closesAt}${view.autoOpen ? '' : ', opened by a person'}.`,
      ...refusalLines(refusals),
    ].join('\n\n'),
  );
}

/** Publishes a case's search attributes; call it only when its status or level changed. */
export function showCaseAttributes(view: CaseView): void {
  upsertSearchAttributes([
    keyword('CaseKind', view.kind),
    keyword('CaseStatus', view.status),
    keyword('CampusId', view.campusId),
    keyword('DepartmentId', view.departmentId),
    dueAt(view.expiresAt),
    { key: { name: 'Level', type: SEARCH_ATTRIBUTES.Level }, value: view.level },
  ]);
}

/** Writes a case's current details: what it waits for, the next step of its ladder, refusals. */
export function showCase(
  view: CaseView,
  next: LadderStep | undefined,
  refusals: readonly Refusal[],
): void {
  setCurrentDetails(
    [
      `**${view.kind}** (${view.label}) is **${view.status}** at level ${view.level}.`,
      next ? `Waits for a decision; next: ${next.kind} at ${next.at}.` : 'Nothing more happens.',
      `Expires undecided at ${view.expiresAt}.`,
      ...refusalLines(refusals),
    ].join('\n\n'),
  );
}

function refusalLines(refusals: readonly Refusal[]): string[] {
  if (refusals.length === 0) return [];
  return [
    `Refused signals:\n${refusals.map((r) => `- ${r.at} ${r.code} (${r.decisionId})`).join('\n')}`,
  ];
}

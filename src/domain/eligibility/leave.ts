/** The four ways in which leave may count (eligibility.md section 3). */
import type { ExcuseCategory } from '../types.ts';
import { WHOLE } from './percentage.ts';
import type { LeavePattern, LeaveRule, Regulation } from './regulation.ts';
import type { Tally } from './units.ts';

/** A tally after leave was weighed; `held` in units, the others in ten-thousandths of a unit. */
export interface Weighed {
  readonly held: bigint;
  readonly attended: bigint;
  /** What condonable leave would add to attended, if the plain value fails. */
  readonly condonable: bigint;
  /** Whether every rule behind `condonable` applies without a decision. */
  readonly isAutomatic: boolean;
}

/** Applies every leave rule of a regulation, and its default to the categories no rule names. */
export function weighLeave(
  tally: Tally,
  { leave, leaveDefault }: Pick<Regulation, 'leave' | 'leaveDefault'>,
): Weighed {
  const named = new Set(leave.flatMap(({ categories }) => categories));
  const rest = [...tally.excused.keys()].filter((category) => !named.has(category));
  const rules = [
    ...leave,
    { categories: rest, pattern: leaveDefault, cap: null, isAutomatic: false },
  ];
  const parts = rules.map((rule) => ({ ...rule, units: cappedUnits(rule, tally) }));
  const unitsOf = (pattern: LeavePattern): bigint =>
    parts.filter((part) => part.pattern === pattern).reduce((sum, { units }) => sum + units, 0n);
  return {
    held: tally.held - unitsOf('excluded'),
    attended: tally.attended + unitsOf('attended') * WHOLE,
    condonable: unitsOf('condone') * WHOLE,
    isAutomatic: parts.every(
      ({ pattern, units, isAutomatic }) => pattern !== 'condone' || units === 0n || isAutomatic,
    ),
  };
}

/** Units of a rule's categories, up to its cap; one cap covers all its categories. */
function cappedUnits(
  { categories, cap }: Pick<LeaveRule, 'cap'> & { readonly categories: readonly ExcuseCategory[] },
  { excused, held }: Tally,
): bigint {
  const units = categories.reduce((sum, category) => sum + (excused.get(category) ?? 0n), 0n);
  if (cap === null) return units;
  const most =
    'units' in cap ? BigInt(cap.units) : (held * BigInt(cap.ofHeld[0])) / BigInt(cap.ofHeld[1]);
  return units < most ? units : most;
}

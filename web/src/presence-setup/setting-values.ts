/** What a setting says in one place: its own value, or that of the nearest wider place. */
import type { Setting, SettingPlace, SettingValue } from '../api/presence-setup.ts';

export const SCOPE_KINDS = ['institution', 'campus', 'course', 'section', 'room'] as const;
export type ScopeKind = (typeof SCOPE_KINDS)[number];

/** A place with the wider ones that hold where it says nothing, the nearest first. */
export interface Scope {
  readonly kind: ScopeKind;
  readonly id: string;
  readonly wider: readonly {
    readonly kind: 'course' | 'campus' | 'institution';
    readonly id: string;
  }[];
}

/** The institution itself. */
export const INSTITUTION: Scope = { kind: 'institution', id: '', wider: [] };

export const placeOf = ({ kind, id }: Scope): SettingPlace => ({ scope_kind: kind, scope_id: id });

/** A value and where it comes from. */
export interface Inherited {
  readonly value: SettingValue;
  readonly from: 'course' | 'campus' | 'institution' | 'default';
}

/** The value stored in a place itself; undefined where it follows a wider one. */
export function storedAt(setting: Setting, scope: Pick<Scope, 'kind' | 'id'>) {
  return setting.stored.find(
    ({ scope_kind: kind, scope_id: id }) => kind === scope.kind && id === scope.id,
  )?.value;
}

/** The value a place follows while it says nothing itself. */
export function inheritedAt(setting: Setting, scope: Scope): Inherited {
  for (const { kind, id } of scope.wider) {
    const value = storedAt(setting, { kind, id });
    if (value !== undefined) return { value, from: kind };
  }
  return { value: setting.default, from: 'default' };
}

/** What a field holds: `follow`, or the value as a text. */
export type FieldText = string;
export const FOLLOW: FieldText = 'follow';

export const fieldText = (value: SettingValue | undefined): FieldText =>
  value === undefined ? FOLLOW : String(value);

/** The value a field means; undefined to follow. Texts that are no number go as they are: the API says why not. */
export function valueOf({ values }: Setting, text: FieldText): SettingValue | undefined {
  if (text === FOLLOW) return undefined;
  if (values.type === 'boolean') return text === 'true';
  if (values.type === 'choice') return text;
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

/** What a setting says in one place: its own value, or that of the nearest wider place. */
import type { Setting, SettingPlace, SettingValue } from '../api/presence-setup.ts';

export const SCOPE_KINDS = ['institution', 'campus', 'course', 'section', 'room'] as const;
export type ScopeKind = (typeof SCOPE_KINDS)[number];

/**
 * A wider place. The id is null where it differs from class to class, or is not known here: any
 * stored value of that kind may then be the one that holds.
 */
export type WiderPlace =
  | { readonly kind: 'course' | 'campus' | 'institution'; readonly id: string }
  | { readonly kind: 'room' | 'component' | 'course_kind' | 'campus'; readonly id: null };

/** A place with the wider ones that hold where it says nothing, the nearest first. */
export interface Scope {
  readonly kind: ScopeKind;
  readonly id: string;
  readonly wider: readonly WiderPlace[];
}

/**
 * A place and what goes before what, as the server has it: section, course, room, type of session,
 * type of course, campus, institution.
 * @param known  what the page knows of the place; null where it does not
 */
export function scopeAt(
  kind: Exclude<ScopeKind, 'institution'>,
  id: string,
  known: { readonly course: string | null; readonly campus: string | null },
): Scope {
  const { course, campus } = known;
  const isIn = (...kinds: readonly ScopeKind[]): boolean => kinds.includes(kind);
  const wider: readonly (WiderPlace | null)[] = [
    isIn('section') && course !== null ? { kind: 'course', id: course } : null,
    isIn('section', 'course') ? { kind: 'room', id: null } : null,
    isIn('section', 'course', 'room') ? { kind: 'component', id: null } : null,
    isIn('section', 'course', 'room') ? { kind: 'course_kind', id: null } : null,
    isIn('campus') ? null : { kind: 'campus', id: campus },
    { kind: 'institution', id: '' },
  ];
  return { kind, id, wider: wider.filter((place) => place !== null) };
}

/** The institution itself. */
export const INSTITUTION: Scope = { kind: 'institution', id: '', wider: [] };

export const placeOf = ({ kind, id }: Scope): SettingPlace => ({ scope_kind: kind, scope_id: id });

/** A value and where it comes from; none where places decide that the page cannot tell apart. */
export type Inherited =
  | {
      readonly value: SettingValue;
      readonly from: 'course' | 'campus' | 'institution' | 'default';
    }
  | { readonly value: undefined; readonly from: 'undecided' };

/** The value stored in a place itself; undefined where it follows a wider one. */
export function storedAt(setting: Setting, scope: Pick<Scope, 'kind' | 'id'>) {
  return setting.stored.find(
    ({ scope_kind: kind, scope_id: id }) => kind === scope.kind && id === scope.id,
  )?.value;
}

/** The value a place follows while it says nothing itself. */
export function inheritedAt(setting: Setting, scope: Scope): Inherited {
  for (const place of scope.wider) {
    if (place.id === null) {
      const isSet = setting.stored.some(({ scope_kind: kind }) => kind === place.kind);
      if (isSet) return { value: undefined, from: 'undecided' };
    } else {
      const value = storedAt(setting, place);
      if (value !== undefined) return { value, from: place.kind };
    }
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

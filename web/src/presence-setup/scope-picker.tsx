/** Chooses where settings hold: the institution, or one campus, course, section or room. */
import { Select, SimpleGrid } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { readPlacedRooms, type Campus, type PlacedRoom } from '../api/presence-setup.ts';
import { queryKeys } from '../api/query-keys.ts';
import type { Section } from '../api/types.ts';
import { useApp } from '../app-context.ts';
import { sectionLabel, useSections } from '../shared/section-select.tsx';
import { INSTITUTION, SCOPE_KINDS, type Scope, type ScopeKind } from './setting-values.ts';

/** A place that can be chosen, and its campus or course where that is known. */
interface Target {
  readonly id: string;
  readonly label: string;
  readonly campus: string | null;
  readonly course: string | null;
}

/** The choice, kept in the address; `scope` is null while a kind is chosen and no place of it. */
export interface ScopeChoice {
  readonly kind: ScopeKind;
  readonly scope: Scope | null;
  readonly targets: readonly Target[];
  readonly choose: (kind: ScopeKind, id: string | null) => void;
}

/** Reads the choice from the address and the places that can be chosen. */
export function useScope(campuses: readonly Campus[]): ScopeChoice {
  const [parameters, setParameters] = useSearchParams();
  const kind = SCOPE_KINDS.find((known) => known === parameters.get('kind')) ?? 'institution';
  const targets = useTargets(kind, campuses);
  const chosen = targets.find(({ id }) => id === parameters.get('id'));
  const onlyCampus = campuses.length === 1 ? (campuses[0]?.id ?? null) : null;
  return {
    kind,
    targets,
    scope: kind === 'institution' ? INSTITUTION : chosen ? scopeOf(kind, chosen, onlyCampus) : null,
    choose: (next, id) =>
      setParameters(id === null ? { kind: next } : { kind: next, id }, { replace: true }),
  };
}

function scopeOf(
  kind: ScopeKind,
  { id, campus, course }: Target,
  onlyCampus: string | null,
): Scope {
  const around = kind === 'campus' ? null : (campus ?? onlyCampus);
  return {
    kind,
    id,
    wider: [
      ...(kind === 'section' && course !== null ? [{ kind: 'course' as const, id: course }] : []),
      ...(around === null ? [] : [{ kind: 'campus' as const, id: around }]),
      { kind: 'institution', id: '' },
    ],
  };
}

function useTargets(kind: ScopeKind, campuses: readonly Campus[]): readonly Target[] {
  const { api } = useApp();
  const rooms = useQueries({
    queries: campuses.map(({ id }) => ({
      queryKey: queryKeys.placedRooms(id),
      queryFn: ({ signal }: { signal: AbortSignal }) => readPlacedRooms(api, id, signal),
      enabled: kind === 'room',
    })),
  });
  const { data: sections = [] } = useSections();
  switch (kind) {
    case 'institution':
      return [];
    case 'campus':
      return campuses.map(({ id, code, name }) => target(id, `${code} · ${name}`));
    case 'room':
      return campuses.flatMap(({ id }, at) =>
        (rooms[at]?.data ?? []).map((room) => ofRoom(room, id)),
      );
    case 'section':
      return sections.map((section) => ofSection(section));
    case 'course':
      return [...new Map(sections.map(({ course }) => [course.id, course])).values()].map(
        ({ id, code, name }) => target(id, `${code} ${name}`),
      );
    default:
      return kind satisfies never;
  }
}

const target = (id: string, label: string, campus: string | null = null): Target => ({
  id,
  label,
  campus,
  course: null,
});
const ofRoom = ({ id, code, building }: PlacedRoom, campus: string): Target =>
  target(id, `${code} · ${building}`, campus);
const ofSection = (section: Section): Target => ({
  ...target(section.id, `${sectionLabel(section)} · ${section.semester}`),
  course: section.course.id,
});

/** The two fields. */
export function ScopePicker({ choice }: { readonly choice: ScopeChoice }) {
  const { t } = useTranslation();
  const { kind, scope, targets, choose } = choice;
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md" mb="xs" maw={820}>
      <Select
        label={t('presenceSetup.holdsFor')}
        allowDeselect={false}
        value={kind}
        onChange={(value) =>
          choose(SCOPE_KINDS.find((known) => known === value) ?? 'institution', null)
        }
        data={SCOPE_KINDS.map((value) => ({ value, label: t(`presenceSetup.scope.${value}`) }))}
        comboboxProps={{ shadow: 'md' }}
      />
      {kind === 'institution' ? null : (
        <Select
          label={t('presenceSetup.choose')}
          searchable
          value={scope?.id ?? null}
          onChange={(id) => choose(kind, id)}
          data={targets.map(({ id, label }) => ({ value: id, label }))}
          limit={200}
          maxDropdownHeight={320}
          comboboxProps={{ shadow: 'md' }}
        />
      )}
    </SimpleGrid>
  );
}

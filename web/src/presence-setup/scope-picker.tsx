/** Chooses where settings hold: the institution, or one campus, course, section or room. */
import { Select, SimpleGrid } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import type { Campus, PlacedRoom } from '../api/presence-setup.ts';
import type { Section } from '../api/types.ts';
import { useApp } from '../app-context.ts';
import { sectionLabel, useSections } from '../shared/section-select.tsx';
import { LoadFailed, LoadingCards } from '../shared/states.tsx';
import { placedRoomsQuery } from './placed-rooms.ts';
import { INSTITUTION, SCOPE_KINDS, scopeAt, type Scope, type ScopeKind } from './setting-values.ts';

/** A place that can be chosen, and its campus or course where that is known. */
interface Target {
  readonly id: string;
  readonly label: string;
  readonly campus: string | null;
  readonly course: string | null;
}

/** The places of a kind; undefined while they load, and when they could not be read. */
interface Targets {
  readonly data: readonly Target[] | undefined;
  readonly error: Error | null;
  readonly refetch: () => void;
}

/** The choice, kept in the address; `scope` is null while a kind is chosen and no place of it. */
export interface ScopeChoice {
  readonly kind: ScopeKind;
  readonly scope: Scope | null;
  readonly targets: Targets;
  readonly choose: (kind: ScopeKind, id: string | null) => void;
}

/** Reads the choice from the address and the places that can be chosen. */
export function useScope(campuses: readonly Campus[]): ScopeChoice {
  const [parameters, setParameters] = useSearchParams();
  const kind = SCOPE_KINDS.find((known) => known === parameters.get('kind')) ?? 'institution';
  const targets = useTargets(kind, campuses);
  const chosen = targets.data?.find(({ id }) => id === parameters.get('id'));
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
  kind: Exclude<ScopeKind, 'institution'>,
  { id, campus, course }: Target,
  onlyCampus: string | null,
): Scope {
  return scopeAt(kind, id, { course, campus: campus ?? onlyCampus });
}

function useTargets(kind: ScopeKind, campuses: readonly Campus[]): Targets {
  const rooms = useRoomTargets(campuses, kind === 'room');
  const sections = useSections(kind === 'section' || kind === 'course');
  const ofSections = (read: (found: readonly Section[]) => readonly Target[]): Targets => ({
    data: sections.data && read(sections.data),
    error: sections.error,
    refetch: () => void sections.refetch(),
  });
  switch (kind) {
    case 'institution':
      return settled([]);
    case 'campus':
      return settled(campuses.map(({ id, code, name }) => target(id, `${code} · ${name}`)));
    case 'room':
      return rooms;
    case 'section':
      return ofSections((found) => found.map((section) => ofSection(section)));
    case 'course':
      return ofSections((found) => {
        const courses = new Map(found.map(({ course }) => [course.id, course]));
        return [...courses.values()].map(({ id, code, name }) => target(id, `${code} ${name}`));
      });
    default:
      return kind satisfies never;
  }
}

const settled = (data: readonly Target[]): Targets => ({
  data,
  error: null,
  refetch: () => undefined,
});

function useRoomTargets(campuses: readonly Campus[], isWanted: boolean): Targets {
  const { api } = useApp();
  const lists = useQueries({
    queries: campuses.map(({ id }) => ({ ...placedRoomsQuery(api, id), enabled: isWanted })),
  });
  const isWhole = lists.every(({ data }) => data !== undefined);
  return {
    data: isWhole
      ? campuses.flatMap(({ id }, at) => (lists[at]?.data ?? []).map((room) => ofRoom(room, id)))
      : undefined,
    error: lists.find(({ error }) => error !== null)?.error ?? null,
    refetch: () => {
      for (const list of lists) if (list.error !== null) void list.refetch();
    },
  };
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
      {kind === 'institution' ? null : targets.data === undefined ? (
        targets.error === null ? (
          <LoadingCards count={1} height={60} />
        ) : (
          <LoadFailed error={targets.error} onRetry={targets.refetch} />
        )
      ) : (
        <Select
          label={t('presenceSetup.choose')}
          searchable
          value={scope?.id ?? null}
          onChange={(id) => choose(kind, id)}
          data={targets.data.map(({ id, label }) => ({ value: id, label }))}
          limit={200}
          maxDropdownHeight={320}
          comboboxProps={{ shadow: 'md' }}
        />
      )}
    </SimpleGrid>
  );
}

/** Contradictions between claims, and the way to settle them. */
import { Anchor, Button, Group, Paper, Select, SimpleGrid, Stack, Text } from '@mantine/core';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { IconArrowsDiff, IconCircleCheck } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import {
  CONFLICT_KINDS,
  readConflicts,
  type Conflict,
  type ConflictFilters,
  type ConflictKind,
  type ConflictState,
} from '../api/conflicts.ts';
import { queryKeys } from '../api/query-keys.ts';
import { useApp, useUser } from '../app-context.ts';
import { ConflictChip, MarkChip } from '../shared/chips.tsx';
import { PageHeader } from '../shared/page-header.tsx';
import { fullName } from '../shared/person-name.ts';
import { Empty, LoadFailed, LoadingCards } from '../shared/states.tsx';
import { showDate, showMoment } from '../shared/times.ts';
import { useZone } from '../shared/use-zone.ts';
import { NotAllowedPage } from '../shell/not-found-page.tsx';
import { rightsOf } from '../shell/rights.ts';
import './conflicts.css';
import { ResolveDialog } from './resolve-dialog.tsx';

const STATES: readonly ConflictState[] = ['open', 'settled', 'void'];

/** The page; its filters are part of the address. */
export function ConflictsPage() {
  const user = useUser();
  return rightsOf(user).seesConflicts ? <Conflicts /> : <NotAllowedPage />;
}

function Conflicts() {
  const { t } = useTranslation();
  const [filters, setFilters] = useConflictFilters();
  const pages = useConflicts(filters);
  const [chosen, setChosen] = useState<Conflict | null>(null);
  const cache = useQueryClient();
  const found = pages.data?.pages.flatMap((page) => page.results);
  const count = pages.data?.pages[0]?.count ?? 0;
  const settled = (): void => {
    setChosen(null);
    void cache.invalidateQueries({ queryKey: queryKeys.conflicts });
    void cache.invalidateQueries({ queryKey: queryKeys.sessions });
  };
  return (
    <>
      <PageHeader title={t('conflicts.title')} lead={t('conflicts.lead')} />
      <FilterBar filters={filters} onChange={setFilters} />
      {found === undefined ? (
        pages.error === null ? (
          <LoadingCards count={3} />
        ) : (
          <LoadFailed error={pages.error} onRetry={() => void pages.refetch()} />
        )
      ) : found.length === 0 ? (
        <Empty
          icon={IconCircleCheck}
          title={t('conflicts.emptyTitle')}
          text={t('conflicts.emptyText')}
        />
      ) : (
        <>
          <ul className="conflict-list" aria-label={t('conflicts.list')}>
            {found.map((conflict) => (
              <li key={conflict.id}>
                <ConflictCard conflict={conflict} onSettle={setChosen} />
              </li>
            ))}
          </ul>
          <Group justify="space-between" mt="md">
            <Text size="sm" c="dimmed" className="numbers">
              {t('conflicts.range', { shown: found.length, count })}
            </Text>
            {pages.hasNextPage ? (
              <Button
                variant="default"
                loading={pages.isFetchingNextPage}
                onClick={() => void pages.fetchNextPage()}
              >
                {t('conflicts.more')}
              </Button>
            ) : null}
          </Group>
        </>
      )}
      <ResolveDialog conflict={chosen} onClose={() => setChosen(null)} onSettled={settled} />
    </>
  );
}

interface Filters {
  readonly state: ConflictState;
  readonly kind: ConflictKind | null;
  readonly session: string | null;
}

function useConflictFilters(): [Filters, (filters: Filters) => void] {
  const [parameters, setParameters] = useSearchParams();
  const filters: Filters = {
    state: STATES.find((state) => state === parameters.get('state')) ?? 'open',
    kind: CONFLICT_KINDS.find((kind) => kind === parameters.get('kind')) ?? null,
    session: parameters.get('session'),
  };
  const change = ({ state, kind, session }: Filters): void =>
    setParameters(
      {
        ...(state === 'open' ? {} : { state }),
        ...(kind === null ? {} : { kind }),
        ...(session === null ? {} : { session }),
      },
      { replace: true },
    );
  return [filters, change];
}

function useConflicts(filters: Filters) {
  const { api } = useApp();
  return useInfiniteQuery({
    queryKey: queryKeys.conflictList(filters),
    initialPageParam: 1,
    queryFn: ({ pageParam, signal }) => {
      const query: ConflictFilters = { ...filters, page: pageParam, page_size: 50 };
      return readConflicts(api, query, signal);
    },
    getNextPageParam: (last, _all, page) => (last.next === null ? undefined : page + 1),
  });
}

interface FilterBarProps {
  readonly filters: Filters;
  readonly onChange: (filters: Filters) => void;
}

function FilterBar({ filters, onChange }: FilterBarProps) {
  const { t } = useTranslation();
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="md" mb="md" maw={560}>
      <Select
        label={t('conflicts.state')}
        value={filters.state}
        allowDeselect={false}
        onChange={(state) => onChange({ ...filters, state: state ?? 'open' })}
        data={STATES.map((value) => ({ value, label: t(`conflicts.states.${value}`) }))}
        comboboxProps={{ shadow: 'md' }}
      />
      <Select
        label={t('conflicts.kind')}
        placeholder={t('conflicts.allKinds')}
        clearable
        value={filters.kind}
        onChange={(kind) => onChange({ ...filters, kind })}
        data={CONFLICT_KINDS.map((value) => ({ value, label: t(`conflicts.kinds.${value}`) }))}
        comboboxProps={{ shadow: 'md' }}
      />
    </SimpleGrid>
  );
}

interface ConflictCardProps {
  readonly conflict: Conflict;
  readonly onSettle: (conflict: Conflict) => void;
}

function ConflictCard({ conflict, onSettle }: ConflictCardProps) {
  const { t } = useTranslation();
  const zone = useZone();
  const { session_detail: detail, student } = conflict;
  const kind = t(`conflicts.kinds.${conflict.kind}`);
  const name = student === null ? t('conflicts.severalStudents') : fullName(student);
  return (
    <Paper component="article" className="conflict-card" aria-label={`${kind}, ${name}`}>
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start" wrap="nowrap" gap="sm">
          <div className="conflict-head">
            <Group gap={6} wrap="nowrap" c="dimmed">
              <IconArrowsDiff size={16} stroke={1.8} aria-hidden />
              <Text size="sm">{kind}</Text>
            </Group>
            <Text component="h2" fw={620} fz="md" lh={1.3} m={0}>
              {name}
              {student === null ? null : (
                <Text span c="dimmed" fw={400} size="sm">
                  {' '}
                  {student.roll_number}
                </Text>
              )}
            </Text>
          </div>
          <ConflictChip state={conflict.state} />
        </Group>
        {student === null ? null : (
          <Group gap={8}>
            <Text size="sm">{t('conflicts.recordSays')}</Text>
            <MarkChip mark={conflict.mark} />
          </Group>
        )}
        <Group justify="space-between" align="flex-end" gap="sm">
          <div>
            <Text size="sm">
              <Anchor component={Link} to={`/sessions/${conflict.session}`} size="sm">
                {detail.course_code} · {detail.section_name}, {showDate(detail.scheduled_date)}
              </Anchor>
            </Text>
            <Text size="xs" c="dimmed">
              {conflict.resolved_by === null
                ? showMoment(conflict.opened_at, zone)
                : t('conflicts.settledBy', { name: conflict.resolved_by })}
            </Text>
          </div>
          {conflict.can_resolve ? (
            <Button
              size="sm"
              onClick={() => onSettle(conflict)}
              aria-label={t('conflicts.settleFor', { kind, name })}
            >
              {t('conflicts.settle')}
            </Button>
          ) : null}
        </Group>
      </Stack>
    </Paper>
  );
}

/** Every record of a student in one course, newest first, each open to a correction request. */
import { ActionIcon, Button, Center, Loader, Text } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { queryKeys } from '../api/query-keys.ts';
import { readRecords } from '../api/records.ts';
import { readCorrections } from '../api/requests.ts';
import { EXCUSE_CATEGORIES, type ExcuseCategory, type ListedRecord } from '../api/types.ts';
import { useApp } from '../app-context.ts';
import { RecordHistoryDrawer, type HistorySubject } from '../records/record-history.tsx';
import { CaseChip, MarkChip } from '../shared/chips.tsx';
import { LoadFailed } from '../shared/states.tsx';
import { sourceKey } from '../shared/source-key.ts';
import { showMoment } from '../shared/times.ts';
import { useZone } from '../shared/use-zone.ts';

const PAGE_SIZE = 20;

interface RecordHistoryProps {
  readonly section: string;
  readonly student: string;
  readonly onCorrect: (record: ListedRecord) => void;
}

/** The list, a page at a time. */
export function RecordHistory({ section, student, onCorrect }: RecordHistoryProps) {
  const { t } = useTranslation();
  const pages = useRecordPages(section, student);
  const waiting = useWaitingCorrections(student);
  const zone = useZone();
  const [asked, setAsked] = useState<ListedRecord | null>(null);
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  if (data === undefined) {
    return error === null ? (
      <Center py="lg" role="status" aria-label={t('common.loading')}>
        <Loader size="sm" />
      </Center>
    ) : (
      <LoadFailed error={error} onRetry={() => void refetch()} />
    );
  }
  if (data.length === 0) {
    return (
      <Text size="sm" c="dimmed" pt="sm">
        {t('mine.historyEmptyText')}
      </Text>
    );
  }
  return (
    <>
      <Text size="xs" c="dimmed" pt="sm" pb={6}>
        {t('mine.historyLead')}
      </Text>
      <ul className="record-list numbers">
        {data.map((record) => (
          <RecordRow
            key={record.id}
            record={record}
            isWaiting={waiting.has(record.session)}
            onCorrect={onCorrect}
            onHistory={setAsked}
          />
        ))}
      </ul>
      {hasNextPage ? (
        <Center mt="xs">
          <Button
            size="xs"
            variant="default"
            loading={isFetchingNextPage}
            onClick={() => void fetchNextPage()}
          >
            {t('common.more')}
          </Button>
        </Center>
      ) : null}
      <RecordHistoryDrawer
        subject={asked === null ? null : subjectOf(asked, zone)}
        zone={zone}
        onClose={() => setAsked(null)}
      />
    </>
  );
}

function subjectOf(record: ListedRecord, zone: string): HistorySubject {
  const { id, session, student, version, session_detail: detail } = record;
  const when = showMoment(detail.start_datetime, zone);
  return { id, session, student, version, name: `${detail.course_code} · ${when}` };
}

function useRecordPages(section: string, student: string) {
  const { api } = useApp();
  const filters = { student, course_section: section, page_size: PAGE_SIZE };
  return useInfiniteQuery({
    // Set apart from single pages of the same filter, whose cached shape differs.
    queryKey: queryKeys.recordList({ ...filters, growing: true }),
    queryFn: ({ pageParam: page, signal }) => readRecords(api, { ...filters, page }, signal),
    initialPageParam: 1,
    getNextPageParam: (last, _pages, page) => (last.next === null ? undefined : page + 1),
    // A class that came in between two pages moves one record to the next page, too.
    select: ({ pages }): readonly ListedRecord[] => [
      ...new Map(
        pages.flatMap(({ results }) => results).map((record) => [record.id, record]),
      ).values(),
    ],
  });
}

/** The sessions a correction was asked for already; a second one would be refused. */
function useWaitingCorrections(student: string): ReadonlySet<string> {
  const { api } = useApp();
  const filters = { student, status: 'pending', page_size: 200 } as const;
  const { data } = useQuery({
    queryKey: queryKeys.correctionList(filters),
    queryFn: ({ signal }) => readCorrections(api, filters, signal),
  });
  return new Set(data?.results.map(({ session }) => session.id));
}

interface RecordRowProps {
  readonly record: ListedRecord;
  readonly isWaiting: boolean;
  readonly onCorrect: (record: ListedRecord) => void;
  readonly onHistory: (record: ListedRecord) => void;
}

function RecordRow({ record, isWaiting, onCorrect, onHistory }: RecordRowProps) {
  const { t } = useTranslation();
  const zone = useZone();
  const { session_detail: detail, excuse_category: excuse } = record;
  const when = showMoment(detail.start_datetime, zone);
  const isSettled = detail.status === 'closed' || detail.status === 'locked';
  return (
    <li className="record-row" data-session={record.session}>
      <Text size="sm">{when}</Text>
      <div>
        <MarkChip mark={record.mark} />
      </div>
      <Text size="xs" c="dimmed" className="record-source">
        {sourceWords()}
      </Text>
      <div className="record-action">
        <ActionIcon
          variant="subtle"
          color="gray"
          onClick={() => onHistory(record)}
          aria-label={t('records.openAt', { course: detail.course_code, when })}
        >
          <IconHistory size={17} aria-hidden />
        </ActionIcon>
        {isWaiting ? (
          <span className="record-waiting">
            <CaseChip status="pending" />
            <span className="hidden-visually">{t('mine.correctionWaiting')}</span>
          </span>
        ) : isSettled ? (
          <Button
            size="compact-sm"
            variant="subtle"
            onClick={() => onCorrect(record)}
            aria-label={t('mine.correctFor', { course: detail.course_code, when })}
          >
            {t('mine.correctShort')}
          </Button>
        ) : null}
      </div>
    </li>
  );

  function sourceWords(): string {
    const { source } = record;
    if (source === null) return '';
    const words = t(`source.${sourceKey(source)}`);
    return isKnownExcuse(excuse) ? `${words} · ${t(`excuse.${excuse}`)}` : words;
  }
}

const isKnownExcuse = (excuse: string | null): excuse is ExcuseCategory =>
  excuse !== null && (EXCUSE_CATEGORIES as readonly string[]).includes(excuse);

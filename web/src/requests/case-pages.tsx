/** A growing list of requests with its states: loading, failed, empty, more. */
import { Button, Center } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { LoadFailed, LoadingCards } from '../shared/states.tsx';
import { CaseCard } from './case-card.tsx';
import type { Case } from './case.ts';
import type { useCasePages } from './use-case-pages.ts';

interface CasePagesProps {
  readonly pages: ReturnType<typeof useCasePages>;
  readonly label: string;
  readonly empty: ReactNode;
  readonly showsPerson?: boolean;
  readonly actionsOf?: (request: Case) => ReactNode;
}

/** The list. */
export function CasePages({ pages, label, empty, showsPerson = false, actionsOf }: CasePagesProps) {
  const { t } = useTranslation();
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  if (data === undefined) {
    return error === null ? (
      <LoadingCards count={3} />
    ) : (
      <LoadFailed error={error} onRetry={() => void refetch()} />
    );
  }
  if (data.length === 0) return empty;
  return (
    <>
      <ul className="case-list" aria-label={label}>
        {data.map((request) => (
          <li key={request.item.id}>
            <CaseCard
              request={request}
              showsPerson={showsPerson}
              actions={actionsOf?.(request) ?? undefined}
            />
          </li>
        ))}
      </ul>
      {hasNextPage ? (
        <Center mt="md">
          <Button
            variant="default"
            loading={isFetchingNextPage}
            onClick={() => void fetchNextPage()}
          >
            {t('common.more')}
          </Button>
        </Center>
      ) : null}
    </>
  );
}

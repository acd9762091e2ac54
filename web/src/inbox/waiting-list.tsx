/** The list of waiting requests, usable by keyboard alone. */
import { Button, Text } from '@mantine/core';
import { IconArrowUpCircle, IconCheck, IconCircleCheck, IconX } from '@tabler/icons-react';
import { useEffect, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import type { Decision } from '../api/requests.ts';
import { CaseCard } from '../requests/case-card.tsx';
import { casePerson, caseTitle, type Case } from '../requests/case.ts';
import { fullName } from '../shared/person-name.ts';
import { Empty, LoadFailed, LoadingCards } from '../shared/states.tsx';
import { DecisionDialog } from './decision-dialog.tsx';
import './inbox.css';
import { useWaitingCases } from './use-waiting-cases.ts';

/** What is about to be decided, and how. */
export interface Intent {
  readonly request: Case;
  readonly verdict: Decision['status'];
}

/** The list and the dialog of a decision. */
export function WaitingList() {
  const { t } = useTranslation();
  const { requests, count, error, retry } = useWaitingCases();
  const [intent, setIntent] = useState<Intent | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const settled = useKeptPlace(list, requests, intent);
  return (
    <>
      {requests === undefined ? (
        error === null ? (
          <LoadingCards count={3} />
        ) : (
          <LoadFailed error={error} onRetry={retry} />
        )
      ) : requests.length === 0 ? (
        <Empty icon={IconCircleCheck} title={t('inbox.emptyTitle')} text={t('inbox.emptyText')} />
      ) : (
        <>
          <Text size="xs" c="dimmed" mb="sm" className="inbox-keys">
            {t('inbox.keys')}
          </Text>
          {requests.length < count ? (
            <Text size="sm" mb="sm">
              {t('inbox.shownOldest', { shown: requests.length, count })}
            </Text>
          ) : null}
          <ul className="case-list" ref={list} aria-label={t('inbox.list')}>
            {requests.map((request) => (
              <WaitingItem key={request.item.id} request={request} onDecide={setIntent} />
            ))}
          </ul>
        </>
      )}
      <DecisionDialog intent={intent} onClose={() => setIntent(null)} onSettled={settled} />
    </>
  );
}

interface WaitingItemProps {
  readonly request: Case;
  readonly onDecide: (intent: Intent) => void;
}

function WaitingItem({ request, onDecide }: WaitingItemProps) {
  const { t } = useTranslation();
  const { item } = request;
  const names = { title: caseTitle(request), name: fullName(casePerson(request)) };
  const decide = (verdict: Intent['verdict']) => (): void => onDecide({ request, verdict });
  const onKeyDown = (event: KeyboardEvent<HTMLLIElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = {
      a: item.can.decide ? decide('approved') : undefined,
      r: item.can.decide ? decide('rejected') : undefined,
      arrowdown: () => focusCard(event.currentTarget.nextElementSibling),
      arrowup: () => focusCard(event.currentTarget.previousElementSibling),
    }[event.key.toLowerCase()];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  return (
    <li data-request={item.id} onKeyDown={onKeyDown}>
      <CaseCard
        request={request}
        showsPerson
        badge={item.level > 1 ? <Escalated /> : <span />}
        actions={
          item.can.decide ? (
            <>
              <Button
                size="sm"
                variant="default"
                leftSection={<IconX size={16} aria-hidden />}
                onClick={decide('rejected')}
                aria-label={t('inbox.rejectFor', names)}
              >
                {t('inbox.reject')}
              </Button>
              <Button
                size="sm"
                leftSection={<IconCheck size={16} aria-hidden />}
                onClick={decide('approved')}
                aria-label={t('inbox.approveFor', names)}
              >
                {t('inbox.approve')}
              </Button>
            </>
          ) : undefined
        }
      />
    </li>
  );
}

function Escalated() {
  const { t } = useTranslation();
  return (
    <span className="chip tone-late">
      <IconArrowUpCircle size={14} stroke={2.2} aria-hidden />
      {t('inbox.escalated')}
    </span>
  );
}

function focusCard(item: Element | null): void {
  item?.querySelector<HTMLElement>('article')?.focus();
}

interface Place {
  readonly id: string;
  readonly index: number;
  readonly isSettled: boolean;
}

/**
 * Once the dialog has closed, puts the focus on the request that took the settled one's place: its
 * button is gone, and a reader by keyboard would start again at the top of the page.
 * @returns to be called when the request of the open dialog no longer waits
 */
function useKeptPlace(
  list: RefObject<HTMLUListElement | null>,
  requests: readonly Case[] | undefined,
  intent: Intent | null,
): () => void {
  const place = useRef<Place | null>(null);
  useEffect(() => {
    if (intent !== null && place.current?.id !== intent.request.item.id) {
      const { id } = intent.request.item;
      const index = requests?.findIndex(({ item }) => item.id === id) ?? 0;
      place.current = { id, index, isSettled: false };
    }
    const kept = place.current;
    if (intent !== null || kept === null || requests === undefined) return;
    const isGone = !requests.some(({ item }) => item.id === kept.id);
    if (isGone && kept.isSettled) {
      const target = list.current?.children[Math.min(kept.index, requests.length - 1)];
      if (target === undefined) document.querySelector<HTMLElement>('.page-title')?.focus();
      else focusCard(target);
    }
    // Not settled: the dialog was cancelled and gives the focus back by itself.
    if (isGone || !kept.isSettled) place.current = null;
  }, [list, requests, intent]);
  return () => {
    if (place.current !== null) place.current = { ...place.current, isSettled: true };
  };
}

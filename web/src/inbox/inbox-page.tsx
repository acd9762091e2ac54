/** An approver's requests: those that wait, and those of the past. */
import { Select, Tabs } from '@mantine/core';
import {
  IconCalendarOff,
  IconHistory,
  IconInbox,
  IconLockOpen,
  IconPencilCheck,
} from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import type { CaseKind } from '../api/requests.ts';
import { CASE_STATUSES, type CaseStatus } from '../api/types.ts';
import { useUser } from '../app-context.ts';
import { CasePages } from '../requests/case-pages.tsx';
import { useCasePages } from '../requests/use-case-pages.ts';
import { WaitingEntries } from '../self-entry/waiting-entries.tsx';
import { PageHeader } from '../shared/page-header.tsx';
import { Empty } from '../shared/states.tsx';
import { NotAllowedPage } from '../shell/not-found-page.tsx';
import { rightsOf } from '../shell/rights.ts';
import './inbox.css';
import { WaitingList } from './waiting-list.tsx';

const VIEWS = ['waiting', 'leave', 'correction', 'unlock'] as const;
type View = (typeof VIEWS)[number];

/** The page; the shown list is part of the address. Live news reach it through the frame. */
export function InboxPage() {
  const { t } = useTranslation();
  const user = useUser();
  const [parameters, setParameters] = useSearchParams();
  if (!rightsOf(user).approves) return <NotAllowedPage />;
  const view: View = VIEWS.find((name) => name === parameters.get('view')) ?? 'waiting';
  return (
    <>
      <PageHeader title={t('inbox.title')} lead={t('inbox.lead')} />
      <Tabs
        value={view}
        onChange={(next) =>
          setParameters(next === null || next === 'waiting' ? {} : { view: next }, {
            replace: true,
          })
        }
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab
            className="inbox-tab"
            value="waiting"
            leftSection={<IconInbox size={16} aria-hidden />}
          >
            {t('inbox.waiting')}
          </Tabs.Tab>
          <Tabs.Tab
            className="inbox-tab"
            value="leave"
            leftSection={<IconCalendarOff size={16} aria-hidden />}
          >
            {t('inbox.leaveHistory')}
          </Tabs.Tab>
          <Tabs.Tab
            className="inbox-tab"
            value="correction"
            leftSection={<IconPencilCheck size={16} aria-hidden />}
          >
            {t('inbox.correctionHistory')}
          </Tabs.Tab>
          <Tabs.Tab
            className="inbox-tab"
            value="unlock"
            leftSection={<IconLockOpen size={16} aria-hidden />}
          >
            {t('inbox.unlockHistory')}
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="waiting">
          <WaitingEntries />
          <WaitingList />
        </Tabs.Panel>
        <Tabs.Panel value="leave">
          <History kind="leave" />
        </Tabs.Panel>
        <Tabs.Panel value="correction">
          <History kind="correction" />
        </Tabs.Panel>
        <Tabs.Panel value="unlock">
          <History kind="unlock" />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function History({ kind }: { readonly kind: CaseKind }) {
  const { t } = useTranslation();
  const [status, setStatus] = useState<CaseStatus | null>(null);
  const pages = useCasePages(kind, { status });
  return (
    <>
      <Select
        label={t('inbox.status')}
        placeholder={t('inbox.allStatuses')}
        clearable
        mb="md"
        maw={220}
        value={status}
        onChange={setStatus}
        data={CASE_STATUSES.map((value) => ({ value, label: t(`caseStatus.${value}`) }))}
        comboboxProps={{ shadow: 'md' }}
      />
      <CasePages
        pages={pages}
        label={t(`inbox.${kind}History`)}
        showsPerson
        empty={
          <Empty
            icon={IconHistory}
            title={t('inbox.emptyHistory')}
            text={t('inbox.emptyHistoryText')}
          />
        }
      />
    </>
  );
}

/** An approver's requests, those that wait and those of the past, and new devices of students. */
import { Badge, Select, Tabs } from '@mantine/core';
import {
  IconCalendarOff,
  IconDeviceMobile,
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
import { usePendingDevices } from '../shell/use-pending-devices.ts';
import './inbox.css';
import { WaitingDevices } from './waiting-devices.tsx';
import { WaitingList } from './waiting-list.tsx';

const REQUEST_VIEWS = ['waiting', 'leave', 'correction', 'unlock'] as const;
type View = (typeof REQUEST_VIEWS)[number] | 'devices';

/** The page; the shown list is part of the address. Live news reach it through the frame. */
export function InboxPage() {
  const { t } = useTranslation();
  const user = useUser();
  const [parameters, setParameters] = useSearchParams();
  const { approves, approvesDevices } = rightsOf(user);
  // Administrators approve devices and no requests; for them the devices are the whole page.
  const views: readonly View[] = [
    ...(approves ? REQUEST_VIEWS : []),
    ...(approvesDevices ? (['devices'] as const) : []),
  ];
  const [first] = views;
  if (first === undefined) return <NotAllowedPage />;
  const view = views.find((name) => name === parameters.get('view')) ?? first;
  return (
    <>
      <PageHeader title={t('inbox.title')} lead={t('inbox.lead')} />
      <Tabs
        value={view}
        onChange={(next) =>
          setParameters(next === null || next === first ? {} : { view: next }, {
            replace: true,
          })
        }
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {approves ? (
            <Tabs.Tab
              className="inbox-tab"
              value="waiting"
              leftSection={<IconInbox size={16} aria-hidden />}
            >
              {t('inbox.waiting')}
            </Tabs.Tab>
          ) : null}
          {approvesDevices ? <DevicesTab /> : null}
          {approves ? <HistoryTabs /> : null}
        </Tabs.List>
        <Tabs.Panel value="waiting">
          <WaitingEntries />
          <WaitingList />
        </Tabs.Panel>
        <Tabs.Panel value="devices">
          <WaitingDevices />
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

/** The tab says how many wait, whichever tab is open. */
function DevicesTab() {
  const { t } = useTranslation();
  const count = usePendingDevices();
  return (
    <Tabs.Tab
      className="inbox-tab"
      value="devices"
      leftSection={<IconDeviceMobile size={16} aria-hidden />}
      rightSection={
        count > 0 ? (
          <Badge size="sm" circle={count < 10} color="red" aria-hidden>
            {count}
          </Badge>
        ) : null
      }
      aria-label={count > 0 ? t('devices.tabWaiting', { count }) : t('devices.tab')}
    >
      {t('devices.tab')}
    </Tabs.Tab>
  );
}

function HistoryTabs() {
  const { t } = useTranslation();
  return (
    <>
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

/** A person's own requests: what was asked, how it stands; students apply for leave here. */
import { Button, Tabs } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconCalendarOff, IconLockOpen, IconPencilCheck, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { useUser } from '../app-context.ts';
import { PageHeader } from '../shared/page-header.tsx';
import { Empty } from '../shared/states.tsx';
import { NotAllowedPage } from '../shell/not-found-page.tsx';
import { rightsOf } from '../shell/rights.ts';
import { CasePages } from './case-pages.tsx';
import { caseTitle, type Case } from './case.ts';
import { LeaveDialog } from './leave-dialog.tsx';
import { useCasePages } from './use-case-pages.ts';
import { WithdrawDialog } from './withdraw-dialog.tsx';

/** The page; the shown kind is part of the address. */
export function MyRequestsPage() {
  const { t } = useTranslation();
  const user = useUser();
  const { student_id: student } = user;
  const [isApplying, applying] = useDisclosure(false);
  const isStudent = student !== null;
  return (
    <>
      <PageHeader
        title={t('requests.title')}
        lead={t(isStudent ? 'requests.lead' : 'requests.leadStaff')}
        actions={
          isStudent ? (
            <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={applying.open}>
              {t('requests.apply')}
            </Button>
          ) : undefined
        }
      />
      {isStudent ? (
        <KindTabs student={student} onApply={applying.open} />
      ) : rightsOf(user).asksToUnlock ? (
        <OwnUnlocks />
      ) : (
        <NotAllowedPage />
      )}
      <LeaveDialog isOpen={isApplying} onClose={applying.close} />
    </>
  );
}

type StudentKind = 'leave' | 'correction';

/** What the staff ask for: registers to be opened again. */
function OwnUnlocks() {
  const { t } = useTranslation();
  const [withdrawn, setWithdrawn] = useState<Case | null>(null);
  const pages = useCasePages('unlock', { filed_by_me: true });
  return (
    <>
      <CasePages
        pages={pages}
        label={t('requests.list')}
        empty={
          <Empty
            icon={IconLockOpen}
            title={t('requests.emptyUnlocks')}
            text={t('requests.emptyUnlocksText')}
          />
        }
        actionsOf={(request) => <WithdrawButton request={request} onWithdraw={setWithdrawn} />}
      />
      <WithdrawDialog request={withdrawn} onClose={() => setWithdrawn(null)} />
    </>
  );
}

interface KindTabsProps {
  readonly student: string;
  readonly onApply: () => void;
}

function KindTabs({ student, onApply }: KindTabsProps) {
  const { t } = useTranslation();
  const [parameters, setParameters] = useSearchParams();
  const [withdrawn, setWithdrawn] = useState<Case | null>(null);
  const kind: StudentKind = parameters.get('kind') === 'correction' ? 'correction' : 'leave';
  return (
    <Tabs
      value={kind}
      onChange={(next) =>
        setParameters(next === 'correction' ? { kind: next } : {}, { replace: true })
      }
      keepMounted={false}
    >
      <Tabs.List mb="md">
        <Tabs.Tab value="leave" leftSection={<IconCalendarOff size={16} aria-hidden />}>
          {t('requests.leave')}
        </Tabs.Tab>
        <Tabs.Tab value="correction" leftSection={<IconPencilCheck size={16} aria-hidden />}>
          {t('requests.corrections')}
        </Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="leave">
        <OwnCases kind="leave" student={student} onApply={onApply} onWithdraw={setWithdrawn} />
      </Tabs.Panel>
      <Tabs.Panel value="correction">
        <OwnCases kind="correction" student={student} onApply={onApply} onWithdraw={setWithdrawn} />
      </Tabs.Panel>
      <WithdrawDialog request={withdrawn} onClose={() => setWithdrawn(null)} />
    </Tabs>
  );
}

interface OwnCasesProps extends KindTabsProps {
  readonly kind: StudentKind;
  readonly onWithdraw: (request: Case) => void;
}

function OwnCases({ kind, student, onApply, onWithdraw }: OwnCasesProps) {
  const { t } = useTranslation();
  const pages = useCasePages(kind, { student });
  return (
    <CasePages
      pages={pages}
      label={t('requests.list')}
      empty={kind === 'leave' ? <NoLeave onApply={onApply} /> : <NoCorrections />}
      actionsOf={(request) => <WithdrawButton request={request} onWithdraw={onWithdraw} />}
    />
  );
}

interface WithdrawButtonProps {
  readonly request: Case;
  readonly onWithdraw: (request: Case) => void;
}

function WithdrawButton({ request, onWithdraw }: WithdrawButtonProps) {
  const { t } = useTranslation();
  if (!request.item.can.withdraw) return null;
  return (
    <Button
      size="xs"
      variant="default"
      onClick={() => onWithdraw(request)}
      aria-label={t('requests.withdrawFor', { title: caseTitle(request) })}
    >
      {t('requests.withdraw')}
    </Button>
  );
}

function NoLeave({ onApply }: { readonly onApply: () => void }) {
  const { t } = useTranslation();
  return (
    <Empty
      icon={IconCalendarOff}
      title={t('requests.emptyLeave')}
      text={t('requests.emptyLeaveText')}
      action={
        <Button variant="light" onClick={onApply}>
          {t('requests.apply')}
        </Button>
      }
    />
  );
}

function NoCorrections() {
  const { t } = useTranslation();
  return (
    <Empty
      icon={IconPencilCheck}
      title={t('requests.emptyCorrections')}
      text={t('requests.emptyCorrectionsText')}
    />
  );
}

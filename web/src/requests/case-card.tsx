/** One request as a card: who, what, when, why, and how it stands. */
import { Group, Paper, Stack, Text } from '@mantine/core';
import {
  IconArrowRight,
  IconCalendarOff,
  IconLockOpen,
  IconPencilCheck,
} from '@tabler/icons-react';
import type { ReactNode, Ref } from 'react';
import { useTranslation } from 'react-i18next';
import { CaseChip, MarkChip } from '../shared/chips.tsx';
import { fullName } from '../shared/person-name.ts';
import { showDistance, showMoment } from '../shared/times.ts';
import { useNow } from '../shared/use-now.ts';
import { useZone } from '../shared/use-zone.ts';
import './case-card.css';
import { casePerson, caseTime, caseTitle, type Case } from './case.ts';

interface CaseCardProps {
  readonly request: Case;
  /** Approvers see whose request it is; applicants know. */
  readonly showsPerson?: boolean;
  /** Beside the state at the top right. */
  readonly badge?: ReactNode;
  readonly actions?: ReactNode;
  readonly ref?: Ref<HTMLElement>;
}

/** The card. */
export function CaseCard({ request, showsPerson = false, badge, actions, ref }: CaseCardProps) {
  const zone = useZone();
  const { item } = request;
  return (
    <Paper
      component="article"
      ref={ref}
      tabIndex={-1}
      className="case-card"
      data-kind={request.kind}
      data-status={item.status}
      aria-label={`${showsPerson ? `${fullName(casePerson(request))}, ` : ''}${caseTitle(request)}, ${caseTime(request, zone)}`}
    >
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start" wrap="nowrap" gap="sm">
          <Heading request={request} showsPerson={showsPerson} />
          {badge ?? <CaseChip status={item.status} />}
        </Group>
        <CaseMatter request={request} />
        {item.reason === null ? null : (
          <Text size="sm" className="case-reason">
            {item.reason}
          </Text>
        )}
        <Group justify="space-between" align="flex-end" gap="sm">
          <CaseCourse request={request} />
          {actions === undefined ? null : <Group gap="xs">{actions}</Group>}
        </Group>
      </Stack>
    </Paper>
  );
}

const ICONS = {
  leave: IconCalendarOff,
  correction: IconPencilCheck,
  unlock: IconLockOpen,
} as const;

function Heading({
  request,
  showsPerson,
}: {
  readonly request: Case;
  readonly showsPerson: boolean;
}) {
  const { t } = useTranslation();
  const Icon = ICONS[request.kind];
  return (
    <div className="case-head">
      <Group gap={6} wrap="nowrap" c="dimmed">
        <Icon size={16} stroke={1.8} aria-hidden />
        <Text size="sm">
          {t(`inbox.${request.kind}`)}
          {showsPerson && request.kind !== 'unlock'
            ? ` · ${request.item.student.roll_number}`
            : null}
        </Text>
      </Group>
      <Text component="h3" fw={620} fz="md" lh={1.3} m={0}>
        {showsPerson ? fullName(casePerson(request)) : caseTitle(request)}
      </Text>
      {showsPerson ? <Text size="sm">{caseTitle(request)}</Text> : null}
    </div>
  );
}

/** What is asked for: the time away, the change of a mark, or the hours of an open register. */
export function CaseMatter({ request }: { readonly request: Case }) {
  const { t } = useTranslation();
  const zone = useZone();
  return (
    <Group gap="xs" className="numbers">
      <Text size="sm" fw={560}>
        {caseTime(request, zone)}
      </Text>
      {request.kind === 'unlock' ? (
        <Text size="sm">{t('requests.forHours', { count: request.item.hours })}</Text>
      ) : null}
      {request.kind === 'correction' ? (
        <span className="case-change">
          <MarkChip mark={request.item.from_mark} />
          <IconArrowRight size={16} role="img" aria-label={t('requests.becomes')} />
          <MarkChip mark={request.item.to_mark} />
        </span>
      ) : null}
    </Group>
  );
}

/** When it was asked and until when it is decided, or how it ended. */
function CaseCourse({ request }: { readonly request: Case }) {
  const { t } = useTranslation();
  const zone = useZone();
  const now = useNow();
  const { item } = request;
  const asked = t('requests.asked', { time: showDistance(item.submitted_at, now) });
  return (
    <Stack gap={2}>
      <Text size="xs" c="dimmed" title={showMoment(item.submitted_at, zone)}>
        {asked}
        {item.status === 'pending' && item.expires_at !== null
          ? ` · ${t('requests.expires', { time: showMoment(item.expires_at, zone) })}`
          : null}
      </Text>
      <Outcome request={request} />
    </Stack>
  );
}

function Outcome({ request: { item } }: { readonly request: Case }) {
  const { t } = useTranslation();
  const zone = useZone();
  if (item.status === 'pending') return null;
  const status = t(`caseStatus.${item.status}`);
  const time = item.decided_at === null ? '' : showMoment(item.decided_at, zone);
  return (
    <>
      <Text size="xs" c="dimmed">
        {item.decided_by === null
          ? t('requests.decided', { status, time })
          : t('requests.decidedBy', { status, name: fullName(item.decided_by), time })}
      </Text>
      {item.note === null || item.note === '' ? null : (
        <Text size="sm">{t('requests.noteFrom', { note: item.note })}</Text>
      )}
    </>
  );
}

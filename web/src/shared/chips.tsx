/** Small labels for marks and states: colour, icon and word together, never colour alone. */
import {
  IconArrowsDiff,
  IconBan,
  IconCalendarEvent,
  IconCheck,
  IconCircleDashed,
  IconClock,
  IconClockExclamation,
  IconDoor,
  IconHourglass,
  IconLock,
  IconQuestionMark,
  IconScale,
  IconShieldCheck,
  IconX,
} from '@tabler/icons-react';
import type { TablerIcon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ConflictState } from '../api/conflicts.ts';
import type { CaseStatus, Mark, SessionStatus, Verdict } from '../api/types.ts';

export type Tone = 'present' | 'late' | 'absent' | 'excused' | 'unmarked' | 'info';

interface Look {
  readonly tone: Tone;
  readonly icon: TablerIcon;
}

/** How each mark looks. */
export const MARK_LOOKS: Readonly<Record<Mark | 'unmarked', Look>> = {
  present: { tone: 'present', icon: IconCheck },
  late: { tone: 'late', icon: IconClock },
  absent: { tone: 'absent', icon: IconX },
  excused: { tone: 'excused', icon: IconShieldCheck },
  unmarked: { tone: 'unmarked', icon: IconCircleDashed },
};

const STATUS_LOOKS: Readonly<Record<SessionStatus, Look>> = {
  scheduled: { tone: 'info', icon: IconCalendarEvent },
  open: { tone: 'present', icon: IconDoor },
  closed: { tone: 'unmarked', icon: IconCheck },
  locked: { tone: 'unmarked', icon: IconLock },
  cancelled: { tone: 'absent', icon: IconBan },
};

const CASE_LOOKS: Readonly<Record<CaseStatus, Look>> = {
  pending: { tone: 'late', icon: IconHourglass },
  approved: { tone: 'present', icon: IconCheck },
  rejected: { tone: 'absent', icon: IconX },
  withdrawn: { tone: 'unmarked', icon: IconBan },
  expired: { tone: 'unmarked', icon: IconClockExclamation },
};

const CONFLICT_LOOKS: Readonly<Record<ConflictState, Look>> = {
  open: { tone: 'late', icon: IconArrowsDiff },
  settled: { tone: 'present', icon: IconCheck },
  void: { tone: 'unmarked', icon: IconCheck },
};

const VERDICT_LOOKS: Readonly<Record<Verdict, Look>> = {
  eligible: { tone: 'present', icon: IconCheck },
  provisional: { tone: 'late', icon: IconHourglass },
  condonable: { tone: 'late', icon: IconScale },
  not_eligible: { tone: 'absent', icon: IconX },
  insufficient_data: { tone: 'unmarked', icon: IconQuestionMark },
};

function Chip({ look, children }: { readonly look: Look; readonly children: ReactNode }) {
  const { icon: Icon, tone } = look;
  return (
    <span className={`chip tone-${tone}`}>
      <Icon size={14} stroke={2.2} aria-hidden />
      {children}
    </span>
  );
}

/** A mark; null reads as unmarked. */
export function MarkChip({ mark }: { readonly mark: Mark | null }) {
  const { t } = useTranslation();
  return <Chip look={MARK_LOOKS[mark ?? 'unmarked']}>{t(`mark.${mark ?? 'unmarked'}`)}</Chip>;
}

/** The state of a session. */
export function SessionChip({ status }: { readonly status: SessionStatus }) {
  const { t } = useTranslation();
  return <Chip look={STATUS_LOOKS[status]}>{t(`session.status.${status}`)}</Chip>;
}

/** The state of a request. */
export function CaseChip({ status }: { readonly status: CaseStatus }) {
  const { t } = useTranslation();
  return <Chip look={CASE_LOOKS[status]}>{t(`caseStatus.${status}`)}</Chip>;
}

/** The state of a contradiction. */
export function ConflictChip({ state }: { readonly state: ConflictState }) {
  const { t } = useTranslation();
  return <Chip look={CONFLICT_LOOKS[state]}>{t(`conflicts.states.${state}`)}</Chip>;
}

/** Whether a student may sit the exam. */
export function VerdictChip({ verdict }: { readonly verdict: Verdict }) {
  const { t } = useTranslation();
  return <Chip look={VERDICT_LOOKS[verdict]}>{t(`verdict.${verdict}`)}</Chip>;
}

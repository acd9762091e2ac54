/** What time does to the session next, and why a roll cannot be marked. */
import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Session } from '../api/types.ts';
import { showDistance, showMoment } from '../shared/times.ts';
import { useNow } from '../shared/use-now.ts';

/** One line about the session's clock. */
export function RollNotice({ session }: { readonly session: Session }) {
  const text = useNoticeText(session);
  if (text === null) return null;
  return (
    <Text size="sm" c="dimmed" className="numbers">
      {text}
    </Text>
  );
}

function useNoticeText({ status, auto_open, opens_at, closes_at, lock_due_at, timezone }: Session) {
  const { t } = useTranslation();
  const now = useNow();
  switch (status) {
    case 'scheduled':
      return auto_open ? t('session.opensIn', { time: showDistance(opens_at, now) }) : null;
    case 'open':
      return t('session.closesIn', { time: showDistance(closes_at, now) });
    case 'closed':
      return lock_due_at === null
        ? null
        : t('session.locksAt', { time: showMoment(lock_due_at, timezone) });
    case 'locked':
    case 'cancelled':
      return null;
    default:
      return status satisfies never;
  }
}

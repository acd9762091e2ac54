/** How many contradictions of a class wait for a word, with the way to them. */
import { Anchor } from '@mantine/core';
import { IconArrowsDiff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Session } from '../api/types.ts';
import { useUser } from '../app-context.ts';
import { rightsOf } from '../shell/rights.ts';
import './conflicts.css';

/** A link with the number; nothing where there are none, or where the reader cannot settle any. */
export function ConflictCount({ session }: { readonly session: Session }) {
  const { t } = useTranslation();
  const user = useUser();
  const count = session.counts.conflicts;
  if (count === 0 || !rightsOf(user).seesConflicts) return null;
  return (
    <Anchor
      component={Link}
      to={`/conflicts?session=${session.id}`}
      size="sm"
      className="conflict-count"
    >
      <IconArrowsDiff size={16} aria-hidden />
      {t('conflicts.count', { count })}
    </Anchor>
  );
}

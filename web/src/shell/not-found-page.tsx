/** Shown for addresses that lead nowhere, and for pages of other roles. */
import { Button } from '@mantine/core';
import { IconCompassOff, IconLock } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { Empty } from '../shared/states.tsx';

function HomeLink() {
  const { t } = useTranslation();
  return (
    <Button component={Link} to="/sessions" variant="light">
      {t('problem.goHome')}
    </Button>
  );
}

/** Nothing is at this address. */
export function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <Empty
      icon={IconCompassOff}
      title={t('problem.notFound')}
      text={t('problem.notFoundHint')}
      action={<HomeLink />}
    />
  );
}

/** The page exists, for someone else. */
export function NotAllowedPage() {
  const { t } = useTranslation();
  return (
    <Empty
      icon={IconLock}
      title={t('problem.notAllowed')}
      text={t('problem.notAllowedHint')}
      action={<HomeLink />}
    />
  );
}

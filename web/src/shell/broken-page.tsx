/** Shown when a page cannot be drawn or its file cannot be fetched. */
import { Button } from '@mantine/core';
import { IconMoodConfuzed } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Empty } from '../shared/states.tsx';

/** A way on after a failure nobody foresaw. */
export function BrokenPage() {
  const { t } = useTranslation();
  return (
    <main>
      <Empty
        icon={IconMoodConfuzed}
        title={t('problem.unexpected')}
        text={t('problem.unexpectedHint')}
        action={<Button onClick={() => window.location.reload()}>{t('common.reload')}</Button>}
      />
    </main>
  );
}

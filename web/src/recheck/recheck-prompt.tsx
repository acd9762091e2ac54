/** Asks a student who was drawn to scan again, above whatever page is open. */
import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { IconQrcode, IconScan } from '@tabler/icons-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'react-router';
import type { Notification } from '../api/notifications.ts';
import { queryKeys } from '../api/query-keys.ts';
import { useApp } from '../app-context.ts';
import { TimeLeft } from '../shared/time-left.tsx';
import { useNotificationList } from '../shell/use-notifications.ts';
import './recheck.css';
import { useOwnRecheck } from './use-own-recheck.ts';

/** Nothing while no class asks. A student sits in one class at a time: the last one that asked. */
export function RecheckPrompt() {
  const { live } = useApp();
  const queryClient = useQueryClient();
  useEffect(
    () =>
      live.onNotice(({ kind }) => {
        if (kind === 'recheck_asked') {
          void queryClient.invalidateQueries({ queryKey: queryKeys.ownRechecks });
        }
      }),
    [live, queryClient],
  );
  const { data } = useNotificationList();
  const asked = data?.results.find(({ kind }) => kind === 'recheck_asked');
  const [place] = asked?.sessions ?? [];
  return place ? <Prompt place={place} /> : null;
}

function Prompt({ place }: { readonly place: Notification['sessions'][number] }) {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const untilMs = useOwnRecheck(place.id);
  const scanner = `/sessions/${place.id}/scan`;
  // The scanner itself says it, and needs no way to itself.
  if (untilMs === null || pathname === scanner) return null;
  return (
    <div className="recheck-prompt tone-late no-print" role="alert" data-testid="recheck-prompt">
      <IconScan size={26} stroke={1.9} aria-hidden />
      <div className="recheck-words">
        <strong>{t('recheck.ask', { place: `${place.course_code} ${place.section_name}` })}</strong>
        <div>
          {t('recheck.why')} {t('recheck.left')} <TimeLeft untilMs={untilMs} />
        </div>
      </div>
      <Button
        component={Link}
        to={scanner}
        size="md"
        leftSection={<IconQrcode size={19} aria-hidden />}
      >
        {t('recheck.open')}
      </Button>
    </div>
  );
}

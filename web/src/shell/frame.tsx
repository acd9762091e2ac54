/** The frame around every page: navigation, account, appearance, state of the live connection. */
import { AppShell, Burger, Group, ScrollArea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Outlet, useLocation } from 'react-router';
import { useApp, useUser } from '../app-context.ts';
import { RecheckPrompt } from '../recheck/recheck-prompt.tsx';
import { SavedScansNotice } from '../scan/saved-scans-notice.tsx';
import { ErrorBoundary } from '../shared/error-boundary.tsx';
import { AccountMenu } from './account-menu.tsx';
import { Brand } from './brand.tsx';
import './frame.css';
import { LiveBadge } from './live-badge.tsx';
import { NotificationBell } from './notification-bell.tsx';
import { BottomBar, SideBar } from './navigation-bars.tsx';
import { placesOf } from './navigation.ts';
import { rightsOf } from './rights.ts';
import { useInboxNews } from './use-inbox-news.ts';

/** At most this many places fit at the bottom of a phone. */
const BOTTOM_PLACES_MAX = 4;

/** The frame and the page inside it. */
export function Frame() {
  const { t } = useTranslation();
  const { live } = useApp();
  const user = useUser();
  const { pathname } = useLocation();
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const places = placesOf(rightsOf(user));
  const hasBottomBar = places.length <= BOTTOM_PLACES_MAX;

  useEffect(() => {
    live.connect();
    return () => live.disconnect();
  }, [live]);
  useEffect(close, [close, pathname]);
  useInboxNews();

  return (
    <AppShell
      header={{ height: 58 }}
      navbar={{ width: 236, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding={0}
    >
      <a className="skip-link" href="#content">
        {t('shell.skip')}
      </a>
      <AppShell.Header px={{ base: 'sm', sm: 'md' }} className="frame-header">
        <Group h="100%" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap" miw={0}>
            {hasBottomBar ? null : (
              <Burger
                opened={isOpen}
                onClick={toggle}
                hiddenFrom="sm"
                size="sm"
                aria-label={t('shell.openNavigation')}
                aria-expanded={isOpen}
              />
            )}
            <Brand />
          </Group>
          <Group gap="xs" wrap="nowrap" flex="none">
            <LiveBadge />
            <NotificationBell />
            <AccountMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" className="frame-side">
        <AppShell.Section grow component={ScrollArea}>
          <SideBar places={places} />
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main>
        <div id="content" className="frame-content" data-bottom={hasBottomBar || undefined}>
          {user.student_id === null ? null : (
            <>
              <RecheckPrompt />
              <SavedScansNotice student={user.student_id} />
            </>
          )}
          <ErrorBoundary resetKey={pathname}>
            <Outlet />
          </ErrorBoundary>
        </div>
      </AppShell.Main>
      {hasBottomBar ? <BottomBar places={places} /> : null}
    </AppShell>
  );
}

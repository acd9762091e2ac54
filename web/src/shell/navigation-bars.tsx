/** The navigation at the side of a desk and at the bottom of a phone. */
import { Badge, NavLink as SideLink, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link, NavLink, useLocation } from 'react-router';
import type { Place } from './navigation.ts';
import { useWaitingCount } from './use-waiting-count.ts';

interface BarProps {
  readonly places: readonly Place[];
}

/** All places, one below the other. */
export function SideBar({ places }: BarProps) {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const waiting = useWaitingCount();
  return (
    <nav aria-label={t('shell.navigation')}>
      <Stack gap={4}>
        {places.map(({ to, text, icon: Icon }) => {
          const isActive = pathname === to || pathname.startsWith(`${to}/`);
          return (
            <SideLink
              key={to}
              component={Link}
              to={to}
              className="side-link"
              label={t(`shell.${text}`)}
              active={isActive}
              aria-current={isActive ? 'page' : undefined}
              leftSection={<Icon size={19} stroke={1.8} aria-hidden />}
              rightSection={
                text === 'inbox' && waiting > 0 ? (
                  <Badge
                    size="sm"
                    circle={waiting < 10}
                    color="red"
                    aria-label={t('shell.waiting', { count: waiting })}
                  >
                    {waiting}
                  </Badge>
                ) : null
              }
            />
          );
        })}
      </Stack>
    </nav>
  );
}

/** The few places of a phone's screen, within reach of a thumb. */
export function BottomBar({ places }: BarProps) {
  const { t } = useTranslation();
  const waiting = useWaitingCount();
  return (
    <nav className="bottom-bar no-print" aria-label={t('shell.navigation')}>
      {places.map(({ to, text, icon: Icon }) => (
        <NavLink key={to} to={to} className="bottom-link">
          <Icon size={23} stroke={1.8} aria-hidden />
          {t(`shell.${text}`)}
          {text === 'inbox' && waiting > 0 ? (
            <span className="bottom-count">
              <span aria-hidden="true">{waiting}</span>
              <span className="hidden-visually">{t('shell.waiting', { count: waiting })}</span>
            </span>
          ) : null}
        </NavLink>
      ))}
    </nav>
  );
}

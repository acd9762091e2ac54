/** The places of the navigation, by role. */
import {
  IconArrowsDiff,
  IconCalendarCheck,
  IconChartBar,
  IconCertificate,
  IconFileText,
  IconInbox,
  IconMapPin,
  IconShieldSearch,
  IconUserCheck,
} from '@tabler/icons-react';
import type { TablerIcon } from '@tabler/icons-react';
import type { Rights } from './rights.ts';

/** One place. */
export interface Place {
  readonly to: string;
  readonly text:
    | 'today'
    | 'mine'
    | 'requests'
    | 'inbox'
    | 'conflicts'
    | 'statistics'
    | 'report'
    | 'presenceSetup'
    | 'integrity';
  readonly icon: TablerIcon;
}

/** The places this person may go, in reading order. */
export function placesOf(rights: Rights): readonly Place[] {
  const places: readonly (Place & { readonly isShown: boolean })[] = [
    { to: '/sessions', text: 'today', icon: IconCalendarCheck, isShown: true },
    { to: '/my-attendance', text: 'mine', icon: IconUserCheck, isShown: rights.isStudent },
    {
      to: '/my-requests',
      text: 'requests',
      icon: IconFileText,
      isShown: rights.isStudent || rights.asksToUnlock,
    },
    {
      to: '/approvals',
      text: 'inbox',
      icon: IconInbox,
      isShown: rights.approves || rights.approvesDevices,
    },
    {
      to: '/conflicts',
      text: 'conflicts',
      icon: IconArrowsDiff,
      isShown: rights.seesConflicts,
    },
    { to: '/statistics', text: 'statistics', icon: IconChartBar, isShown: rights.seesStatistics },
    { to: '/eligibility', text: 'report', icon: IconCertificate, isShown: rights.seesReport },
    {
      to: '/integrity',
      text: 'integrity',
      icon: IconShieldSearch,
      isShown: rights.seesIntegrity,
    },
    {
      to: '/presence-setup',
      text: 'presenceSetup',
      icon: IconMapPin,
      isShown: rights.operates,
    },
  ];
  return places.filter((place) => place.isShown);
}

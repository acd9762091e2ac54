/** How a device stands, as a small label. */
import { IconBan, IconCheck, IconHourglass } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { DeviceStatus } from '../api/devices.ts';

const LOOKS = {
  active: { tone: 'present', icon: IconCheck },
  pending: { tone: 'late', icon: IconHourglass },
  revoked: { tone: 'unmarked', icon: IconBan },
} as const;

/** The label: colour, icon and word together. */
export function DeviceChip({ status }: { readonly status: DeviceStatus }) {
  const { t } = useTranslation();
  const { tone, icon: Icon } = LOOKS[status];
  return (
    <span className={`chip tone-${tone}`}>
      <Icon size={14} stroke={2.2} aria-hidden />
      {t(`devices.status.${status}`)}
    </span>
  );
}

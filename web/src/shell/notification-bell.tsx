/** The bell in the corner: how much is unread, and the newest notifications. */
import {
  ActionIcon,
  Button,
  Group,
  Indicator,
  Popover,
  ScrollArea,
  Text,
  Title,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconBell } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Notification } from '../api/notifications.ts';
import { LoadFailed } from '../shared/states.tsx';
import { fullName } from '../shared/person-name.ts';
import { showDate, showDistance, showTime } from '../shared/times.ts';
import { useZone } from '../shared/use-zone.ts';
import './notification-bell.css';
import { useNotifications } from './use-notifications.ts';

/** Shown on the bell; beyond it the number says no more. */
const COUNT_MAX = 99;

/** Opens the list from the corner of the frame. */
export function NotificationBell() {
  const { t } = useTranslation();
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const { query, read, readAll } = useNotifications();
  const unread = query.data?.unread ?? 0;
  return (
    <Popover
      width={340}
      position="bottom-end"
      shadow="md"
      radius="lg"
      trapFocus
      returnFocus
      opened={isOpen}
      onDismiss={close}
    >
      <Indicator
        disabled={unread === 0}
        label={Math.min(unread, COUNT_MAX)}
        size={16}
        offset={5}
        color="red"
      >
        <Popover.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={36}
            radius="xl"
            onClick={toggle}
            aria-label={
              unread === 0
                ? t('notifications.open')
                : t('notifications.openUnread', { count: unread })
            }
            data-testid="notifications"
          >
            <IconBell size={20} stroke={1.8} aria-hidden />
          </ActionIcon>
        </Popover.Target>
      </Indicator>
      <Popover.Dropdown p={0} aria-label={t('notifications.title')}>
        <Group justify="space-between" px="sm" py="xs" wrap="nowrap">
          <Title order={2} size="h5">
            {t('notifications.title')}
          </Title>
          <Button
            size="compact-xs"
            variant="subtle"
            disabled={unread === 0}
            loading={readAll.isPending}
            onClick={() => readAll.mutate()}
          >
            {t('notifications.readAll')}
          </Button>
        </Group>
        {query.error === null ? null : (
          <LoadFailed error={query.error} onRetry={() => void query.refetch()} />
        )}
        <ScrollArea.Autosize mah={420}>
          <NotificationList
            notifications={query.data?.results ?? []}
            onOpen={(notification) => {
              if (notification.read_at === null) read.mutate(notification.id);
              close();
            }}
          />
        </ScrollArea.Autosize>
      </Popover.Dropdown>
    </Popover>
  );
}

interface ListProps {
  readonly notifications: readonly Notification[];
  readonly onOpen: (notification: Notification) => void;
}

function NotificationList({ notifications, onOpen }: ListProps) {
  const { t } = useTranslation();
  const textOf = useNotificationText();
  if (notifications.length === 0) {
    return (
      <Text size="sm" c="dimmed" px="sm" pb="md">
        {t('notifications.none')}
      </Text>
    );
  }
  return (
    <ul className="notice-list">
      {notifications.map((notification) => (
        <li key={notification.id}>
          <Link
            to={placeOf(notification)}
            className="notice"
            data-unread={notification.read_at === null || undefined}
            onClick={() => onOpen(notification)}
          >
            <span className="notice-dot">
              {notification.read_at === null ? (
                <span className="hidden-visually">{t('notifications.unread')}</span>
              ) : null}
            </span>
            <span>
              <span className="notice-text">{textOf(notification)}</span>
              <time className="notice-time" dateTime={notification.created_at}>
                {showDistance(notification.created_at)}
              </time>
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** The sentence of a notification. */
function useNotificationText(): (notification: Notification) => string {
  const { t } = useTranslation();
  const zone = useZone();
  return (notification) => {
    const { kind, sessions, total, case: request } = notification;
    const [first] = sessions;
    const place = first
      ? `${first.course_code} ${first.section_name}, ${showDate(first.scheduled_date)}`
      : t('notifications.someClass');
    switch (kind) {
      case 'conflict_digest':
        return t('notifications.conflict_digest', { count: total ?? 0 });
      case 'case_decided':
        return request
          ? t(`notifications.case_decided.${request.kind}`, { status: statusOf(request.status) })
          : t('notifications.title');
      case 'mark_overruled':
      case 'marks_disagree':
      case 'record_overridden':
        return t(`notifications.${kind}`, { place });
      case 'device_code':
      case 'device_registered':
      case 'device_approved':
      case 'device_pending':
        return t(`notifications.${kind}`);
      case 'headcount_excess':
      case 'headcount_short':
        return t(`notifications.${kind}`, {
          place,
          heads: notification.heads ?? 0,
          marked: notification.marked ?? 0,
        });
      case 'recheck_asked':
        return t('notifications.recheck_asked', {
          place,
          time: notification.until === null ? '' : showTime(notification.until, zone),
        });
      case 'recheck_missed':
        return t('notifications.recheck_missed', { place, count: notification.missed ?? 0 });
      case 'device_shared':
        return t('notifications.device_shared', {
          place,
          names: new Intl.ListFormat('en').format(
            notification.students.map((student) => `${fullName(student)} (${student.roll_number})`),
          ),
        });
      default:
        return kind satisfies never;
    }
  };

  function statusOf(status: string): string {
    switch (status) {
      case 'approved':
      case 'rejected':
      case 'expired':
      case 'withdrawn':
        return t(`caseStatus.${status}`).toLowerCase();
      default:
        return status;
    }
  }
}

const OWN_DEVICE: ReadonlySet<string> = new Set([
  'device_code',
  'device_registered',
  'device_approved',
]);

/** The page where the reader can do something about it. */
function placeOf({ kind, sessions, conflict }: Notification): string {
  const [first] = sessions;
  if (kind === 'device_pending') return '/approvals?view=devices';
  if (OWN_DEVICE.has(kind)) return '/my-devices';
  if (kind === 'case_decided') return '/my-requests';
  if (kind === 'conflict_digest' || conflict !== null) return '/conflicts';
  if (!first) return '/sessions';
  return `/sessions/${first.id}${kind === 'recheck_asked' ? '/scan' : ''}`;
}

/** The reader's account: who is signed in, appearance, signing out. */
import {
  Avatar,
  Button,
  Divider,
  Popover,
  SegmentedControl,
  Stack,
  Text,
  UnstyledButton,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconDeviceMobile, IconLogout } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { User } from '../api/types.ts';
import { useApp, useUser } from '../app-context.ts';
import { notifyFailed } from '../shared/notify.ts';
import { fullName, initials } from '../shared/person-name.ts';
import { useFailureText } from '../shared/states.tsx';

/** Opens from the avatar in the corner. */
export function AccountMenu() {
  const { t } = useTranslation();
  const { signIn } = useApp();
  const user = useUser();
  const failureText = useFailureText();
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const leave = (): void => {
    signIn
      .leave()
      .catch((error: unknown) => notifyFailed(t('shell.signOutFailed'), failureText(error)));
  };
  return (
    <Popover
      width={270}
      position="bottom-end"
      shadow="md"
      radius="lg"
      trapFocus
      returnFocus
      opened={isOpen}
      onDismiss={close}
    >
      <Popover.Target>
        <UnstyledButton aria-label={t('shell.account')} data-testid="account" onClick={toggle}>
          <Avatar radius="xl" size={36} color="indigo" variant="light">
            {initials(user)}
          </Avatar>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown p="sm">
        <Stack gap="xs">
          <div>
            <Text fw={620} truncate>
              {fullName(user)}
            </Text>
            <Text size="xs" c="dimmed" truncate>
              {user.email}
            </Text>
            <Text size="xs" c="dimmed">
              <RoleNames user={user} />
            </Text>
          </div>
          <Divider />
          <Text size="xs" fw={560} c="dimmed">
            {t('shell.theme')}
          </Text>
          <ThemeSwitch />
          <Divider />
          <Button
            component={Link}
            to="/my-devices"
            variant="subtle"
            color="gray"
            justify="flex-start"
            leftSection={<IconDeviceMobile size={17} aria-hidden />}
            onClick={close}
          >
            {t('devices.title')}
          </Button>
          <Button
            variant="subtle"
            color="gray"
            justify="flex-start"
            leftSection={<IconLogout size={17} aria-hidden />}
            onClick={leave}
          >
            {t('shell.signOut')}
          </Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

const KNOWN_ROLES = [
  'student',
  'faculty',
  'mentor',
  'hod',
  'exam_cell',
  'admin',
  'privacy_officer',
  'auditor',
  'gateway',
] as const;

function RoleNames({ user }: { readonly user: User }) {
  const { t } = useTranslation();
  const held = KNOWN_ROLES.filter((role) => user.roles.some((grant) => grant.role === role));
  return held.map((role) => t(`shell.role.${role}`)).join(', ');
}

function ThemeSwitch() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <SegmentedControl
      fullWidth
      size="xs"
      aria-label={t('shell.theme')}
      value={colorScheme}
      onChange={(value) => setColorScheme(value === 'light' || value === 'dark' ? value : 'auto')}
      data={[
        { value: 'light', label: t('shell.themeLight') },
        { value: 'dark', label: t('shell.themeDark') },
        { value: 'auto', label: t('shell.themeAuto') },
      ]}
    />
  );
}

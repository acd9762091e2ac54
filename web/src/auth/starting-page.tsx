/** Shown while an earlier sign-in is continued. */
import { Center, Loader, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Brand } from '../shell/brand.tsx';

/** The brand and what is going on. */
export function StartingPage({ isAway }: { readonly isAway: boolean }) {
  const { t } = useTranslation();
  return (
    <Center mih="100dvh">
      <Stack align="center" gap="lg">
        <Brand />
        <Loader size="sm" type="dots" />
        <Text c="dimmed" size="sm" role="status">
          {t(isAway ? 'signIn.away' : 'signIn.starting')}
        </Text>
      </Stack>
    </Center>
  );
}

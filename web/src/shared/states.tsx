/** What a screen shows instead of data: nothing there, failed, still loading. */
import { Alert, Button, Center, Skeleton, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconAlertTriangle, IconRefresh } from '@tabler/icons-react';
import type { TablerIcon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiProblem, NoAnswer } from '../api/problem.ts';

interface EmptyProps {
  readonly icon: TablerIcon;
  readonly title: string;
  readonly text: string;
  readonly action?: ReactNode;
}

/** Says kindly that there is nothing, and what to do. */
export function Empty({ icon: Icon, title, text, action }: EmptyProps) {
  return (
    <Center py={64} px="md">
      <Stack align="center" gap="xs" maw={420}>
        <ThemeIcon size={56} radius="xl" variant="light" color="gray" aria-hidden>
          <Icon size={28} stroke={1.6} />
        </ThemeIcon>
        <Title order={2} size="h4" ta="center">
          {title}
        </Title>
        <Text c="dimmed" ta="center" size="sm">
          {text}
        </Text>
        {action}
      </Stack>
    </Center>
  );
}

/** The words for any failure. */
export function useFailureText(): (error: unknown) => string {
  const { t } = useTranslation();
  return (error) => {
    if (error instanceof ApiProblem) {
      // A proxy in between answered in the server's place, without words for a person.
      const isWordless = error.code === 'unknown' && error.status >= 500;
      return isWordless ? t('problem.serverDown') : error.detail;
    }
    if (error instanceof NoAnswer) return t('problem.noAnswer');
    return t('problem.unexpected');
  };
}

interface LoadFailedProps {
  readonly error: unknown;
  readonly onRetry: () => void;
}

/** Says why data is missing and offers to try again. */
export function LoadFailed({ error, onRetry }: LoadFailedProps) {
  const { t } = useTranslation();
  const failureText = useFailureText();
  const reference = error instanceof ApiProblem ? error.requestId : null;
  return (
    <Alert
      color="red"
      variant="light"
      icon={<IconAlertTriangle />}
      title={t('problem.loadFailed')}
      role="alert"
    >
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{failureText(error)}</Text>
        {reference === null ? null : (
          <Text size="xs" c="dimmed">
            {t('problem.reference', { id: reference })}
          </Text>
        )}
        <Button
          size="xs"
          variant="default"
          leftSection={<IconRefresh size={14} aria-hidden />}
          onClick={onRetry}
        >
          {t('common.retry')}
        </Button>
      </Stack>
    </Alert>
  );
}

/** Grey shapes where cards will be. */
export function LoadingCards({ count = 4, height = 132 }: { count?: number; height?: number }) {
  const { t } = useTranslation();
  return (
    <Stack gap="md" aria-busy="true" aria-label={t('common.loading')} role="status">
      {Array.from({ length: count }, (_, index) => (
        <Skeleton key={index} height={height} radius="lg" />
      ))}
    </Stack>
  );
}

/** What a screen shows instead of data: nothing there, failed, still loading. */
import { Alert, Button, Center, Skeleton, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconAlertTriangle, IconRefresh } from '@tabler/icons-react';
import type { TablerIcon } from '@tabler/icons-react';
import { QueryClientContext } from '@tanstack/react-query';
import { use, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiProblem, NoAnswer } from '../api/problem.ts';
import { queryKeys } from '../api/query-keys.ts';
import { refusalWords } from './refusal-words.ts';
import { browserZone } from './times.ts';
import { useZone } from './use-zone.ts';

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

/** The words for any failure; times in the campus zone where a screen has read it already. */
export function useFailureText(): (error: unknown) => string {
  const { t } = useTranslation();
  // Sign-in has no data cache yet.
  const queryClient = use(QueryClientContext);
  return (error) => {
    if (error instanceof ApiProblem) {
      // A proxy in between answered in the server's place, without words for a person.
      const isWordless = error.code === 'unknown' && error.status >= 500;
      if (isWordless) return t('problem.serverDown');
      const zone = queryClient?.getQueryData<string>(queryKeys.zone) ?? browserZone();
      return refusalWords(t, error, zone);
    }
    if (error instanceof NoAnswer) return t('problem.noAnswer');
    return t('problem.unexpected');
  };
}

/** The words for a failure; behind the sign-in only, since it reads the campus zone for them. */
export function FailureText({ error }: { readonly error: unknown }) {
  const failureText = useFailureText();
  return error instanceof ApiProblem && error.namesTimes ? (
    <TimedRefusal problem={error} />
  ) : (
    failureText(error)
  );
}

function TimedRefusal({ problem }: { readonly problem: ApiProblem }) {
  const { t } = useTranslation();
  return refusalWords(t, problem, useZone());
}

interface LoadFailedProps {
  readonly error: unknown;
  readonly onRetry: () => void;
}

/** Says why data is missing and offers to try again. */
export function LoadFailed({ error, onRetry }: LoadFailedProps) {
  const { t } = useTranslation();
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
        <Text size="sm">
          <FailureText error={error} />
        </Text>
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

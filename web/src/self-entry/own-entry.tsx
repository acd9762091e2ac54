/** A student's own entry in a class: the button while it is taken, then how it stands. */
import { Alert, Button, Paper, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconHandStop, IconHourglass, IconInfoCircle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { queryKeys } from '../api/query-keys.ts';
import { enterSelf, readSelfEntries } from '../api/self-entries.ts';
import type { Mark, SelfEntry, Session } from '../api/types.ts';
import { useApp } from '../app-context.ts';
import { FormFailure } from '../shared/form-failure.tsx';
import { notifyDone } from '../shared/notify.ts';
import { showTime } from '../shared/times.ts';
import { useIdempotencyKey } from '../shared/use-idempotency-key.ts';
import { useNow } from '../shared/use-now.ts';

/** The newest entries of one student; those of one class are among them. */
const FILTERS = { page_size: 50 } as const;
/** The window may close while the page is open. */
const CLOCK_MS = 5_000;

interface OwnEntryProps {
  readonly session: Session;
  readonly mark: Mark | null;
}

/** Nothing where the class takes no own entries, or where the mark says enough. */
export function OwnEntry({ session, mark }: OwnEntryProps) {
  if (!session.self_entry.enabled || mark === 'present' || mark === 'late') return null;
  return <Entry session={session} />;
}

function Entry({ session }: { readonly session: Session }) {
  const { api } = useApp();
  const entries = useQuery({
    queryKey: queryKeys.selfEntryList(FILTERS),
    queryFn: ({ signal }) => readSelfEntries(api, FILTERS, signal),
    select: ({ results }) => results.find((entry) => entry.session.id === session.id) ?? null,
  });
  const now = useNow(CLOCK_MS);
  if (entries.data === undefined) return null;
  if (entries.data?.status === 'pending') return <Waiting />;
  return (
    <>
      {entries.data?.status === 'rejected' ? <Refused entry={entries.data} /> : null}
      {isOpen(session, now) ? <EnterButton session={session} /> : null}
    </>
  );
}

/** The server's clock decides; this only hides what it would refuse. */
function isOpen({ start_datetime: start, status, self_entry: entry }: Session, now: number) {
  const isTaken = status === 'open' || status === 'scheduled';
  return (
    isTaken &&
    entry.closes_at !== null &&
    now >= Date.parse(start) &&
    now <= Date.parse(entry.closes_at)
  );
}

function EnterButton({ session }: { readonly session: Session }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queryClient = useQueryClient();
  const keyOf = useIdempotencyKey();
  const entry = useMutation({
    mutationFn: () => enterSelf(api, session.id, keyOf([session.id])),
    onSuccess: () => notifyDone(t('selfEntry.sent')),
    // A refusal often means that the class or the entry changed elsewhere.
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: queryKeys.selfEntries });
      void queryClient.invalidateQueries({ queryKey: queryKeys.session(session.id) });
    },
  });
  const time = showTime(session.self_entry.closes_at ?? session.closes_at, session.timezone);
  return (
    <Paper p="md">
      <Stack gap="sm">
        <FormFailure error={entry.error} />
        <Text size="sm">{t('selfEntry.hereText', { time })}</Text>
        <Button
          size="md"
          leftSection={<IconHandStop size={18} aria-hidden />}
          loading={entry.isPending}
          onClick={() => entry.mutate()}
        >
          {t('selfEntry.here')}
        </Button>
      </Stack>
    </Paper>
  );
}

function Waiting() {
  const { t } = useTranslation();
  return (
    <Alert
      variant="light"
      role="status"
      icon={<IconHourglass aria-hidden />}
      title={t('selfEntry.waiting')}
    >
      {t('selfEntry.waitingText')}
    </Alert>
  );
}

function Refused({ entry }: { readonly entry: SelfEntry }) {
  const { t } = useTranslation();
  return (
    <Alert
      color="gray"
      variant="light"
      role="status"
      icon={<IconInfoCircle aria-hidden />}
      title={t('selfEntry.refused')}
    >
      {entry.note === null ? null : t('requests.noteFrom', { note: entry.note })}
    </Alert>
  );
}

/** A student's scanner: camera, digits, and what became of the scan. */
import { Alert, Button, Group, Paper, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconAlertTriangle, IconCamera, IconCircleCheck, IconCloudOff } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router';
import { isRegistered } from '../api/devices.ts';
import { queryKeys } from '../api/query-keys.ts';
import { useApp, useUser } from '../app-context.ts';
import { RegisterDevice } from '../device/register-device.tsx';
import { RecheckNotice } from '../recheck/recheck-notice.tsx';
import { useOwnRecheck } from '../recheck/use-own-recheck.ts';
import { FormFailure } from '../shared/form-failure.tsx';
import { PageHeader } from '../shared/page-header.tsx';
import { LoadFailed, LoadingCards } from '../shared/states.tsx';
import { NotAllowedPage } from '../shell/not-found-page.tsx';
import { CameraView } from './camera-view.tsx';
import './scan.css';
import { useScanner, type ScanEnd, type ScannedCode } from './use-scanner.ts';

/** The text of a code of ours (presence.md section 2); other codes in the room are passed over. */
const OUR_CODE = /^[\w-]{58}$/;

/** The page; another session is another page. */
export function ScanPage() {
  const { session } = useParams();
  const { student_id: student } = useUser();
  if (session === undefined) throw new Error('the address names no session');
  if (student === null) return <NotAllowedPage />;
  return <RegisteredOnly key={session} session={session} student={student} />;
}

interface ScannerProps {
  readonly session: string;
  readonly student: string;
}

function RegisteredOnly({ session, student }: ScannerProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const registered = useQuery({
    queryKey: queryKeys.ownDevice,
    queryFn: ({ signal }) => isRegistered(api, signal),
    // A phone that was registered once scans offline too.
    networkMode: 'offlineFirst',
    staleTime: Infinity,
  });
  return (
    <>
      <PageHeader title={t('scan.title')} lead={t('scan.lead')} />
      {registered.data === undefined ? (
        registered.error === null ? (
          <LoadingCards count={1} height={240} />
        ) : (
          <LoadFailed error={registered.error} onRetry={() => void registered.refetch()} />
        )
      ) : registered.data ? (
        <Scanner session={session} student={student} />
      ) : (
        <RegisterDevice />
      )}
    </>
  );
}

function Scanner({ session, student }: ScannerProps) {
  const { t } = useTranslation();
  const scanner = useScanner(session, student);
  const { refused, asksLocation, sending, again } = scanner;
  const [isLooking, setLooking] = useState(false);
  const [hasCamera, setHasCamera] = useState(true);
  const askedUntil = useOwnRecheck(session);
  const send = (code: ScannedCode): void => scanner.send(code, askedUntil);
  if (refused) return <FormFailure error={refused} />;
  const recheck = sending.data?.kind === 'answered' ? sending.data.recheck : 'none';
  const notice =
    askedUntil === null ? null : (
      <RecheckNotice untilMs={askedUntil} isStillAsked={recheck === 'asked'} />
    );
  if (sending.data) {
    return (
      <Stack gap="md" maw={560}>
        {notice}
        <Ended
          end={sending.data}
          isConfirmed={recheck === 'confirmed'}
          onAgain={() => {
            setLooking(false);
            again();
          }}
        />
      </Stack>
    );
  }
  return (
    <Stack gap="md" maw={560}>
      {notice}
      <FormFailure error={sending.error} />
      {isLooking && hasCamera && !sending.isPending ? (
        <Paper className="scan-frame">
          <CameraView
            onCode={(text) => {
              if (!OUR_CODE.test(text) || sending.isPending) return;
              setLooking(false);
              send({ qr_token: text });
            }}
            onFailure={() => setHasCamera(false)}
          />
          <Text size="sm" role="status" p="sm">
            {t('scan.looking')}
          </Text>
        </Paper>
      ) : (
        <Button
          size="lg"
          leftSection={<IconCamera size={20} aria-hidden />}
          loading={sending.isPending}
          disabled={!hasCamera}
          onClick={() => {
            if (sending.error) again();
            setLooking(true);
          }}
        >
          {t('scan.startCamera')}
        </Button>
      )}
      {hasCamera ? null : (
        <Alert color="yellow" variant="light" role="alert">
          {t('scan.noCamera')}
        </Alert>
      )}
      <Digits isSending={sending.isPending} onSend={(text) => send({ text_code: text })} />
      {asksLocation ? (
        <Text size="xs" c="dimmed">
          {t('scan.whyLocation')}
        </Text>
      ) : null}
    </Stack>
  );
}

interface DigitsProps {
  readonly isSending: boolean;
  readonly onSend: (digits: string) => void;
}

function Digits({ isSending, onSend }: DigitsProps) {
  const { t } = useTranslation();
  const [digits, setDigits] = useState('');
  const isWhole = /^\d{6}$/.test(digits);
  const send = (event: FormEvent): void => {
    event.preventDefault();
    if (isWhole) onSend(digits);
  };
  return (
    <form onSubmit={send}>
      <Group align="flex-end" gap="sm">
        <TextInput
          label={t('scan.textCode')}
          inputMode="numeric"
          autoComplete="one-time-code"
          maxLength={6}
          value={digits}
          onChange={(event) => setDigits(event.currentTarget.value.replaceAll(/\D/g, ''))}
        />
        <Button type="submit" variant="default" disabled={!isWhole} loading={isSending}>
          {t('scan.sendTextCode')}
        </Button>
      </Group>
    </form>
  );
}

interface EndedProps {
  readonly end: ScanEnd;
  /** It was asked for, and counted. */
  readonly isConfirmed: boolean;
  readonly onAgain: () => void;
}

function Ended({ end, isConfirmed, onAgain }: EndedProps) {
  const { t } = useTranslation();
  const isSaved = end.kind === 'saved';
  const record = end.kind === 'answered' ? end.result.record : null;
  const mark = record?.mark ?? null;
  // Who scans only on leaving is not recorded by it.
  const isUnmarked = record !== null && mark === null;
  const isDone = !isSaved && !isUnmarked;
  const endTitle = isSaved
    ? 'scan.saved'
    : isUnmarked
      ? 'scan.unmarked'
      : isConfirmed
        ? 'recheck.confirmed'
        : 'scan.done';
  return (
    <>
      <Alert
        color={isDone ? 'green' : 'yellow'}
        variant="light"
        role="status"
        data-testid="scan-result"
        icon={
          isDone ? (
            <IconCircleCheck aria-hidden />
          ) : isSaved ? (
            <IconCloudOff aria-hidden />
          ) : (
            <IconAlertTriangle aria-hidden />
          )
        }
        title={t(endTitle)}
      >
        {isSaved
          ? t('scan.savedText')
          : isUnmarked
            ? t('scan.unmarkedText')
            : mark === null
              ? t('scan.alreadyRecorded')
              : t(`mark.${mark}`)}
      </Alert>
      <Group>
        <Button variant="default" onClick={onAgain}>
          {t('scan.again')}
        </Button>
      </Group>
    </>
  );
}

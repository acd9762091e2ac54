/** A student's scanner: camera, digits, and what became of the scan. */
import { Alert, Button, Group, Paper, Stack, Text, TextInput } from '@mantine/core';
import {
  IconAlertTriangle,
  IconCamera,
  IconCircleCheck,
  IconCloudCheck,
  IconCloudOff,
  IconRefresh,
} from '@tabler/icons-react';
import { useEffect, useRef, useState, useSyncExternalStore, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router';
import type { MarkResult } from '../api/types.ts';
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
import { useOwnDevice } from './use-own-device.ts';
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
  const { data: own, error, refetch } = useOwnDevice();
  return (
    <>
      <PageHeader title={t('scan.title')} lead={t('scan.lead')} />
      {own === undefined ? (
        error === null ? (
          <LoadingCards count={1} height={240} />
        ) : (
          <LoadFailed error={error} onRetry={() => void refetch()} />
        )
      ) : own.isRegistered ? (
        <Scanner session={session} student={student} />
      ) : (
        <RegisterDevice hadDevice={own.hadDevice} />
      )}
    </>
  );
}

function Scanner({ session, student }: ScannerProps) {
  const { t } = useTranslation();
  const scanner = useScanner(session, student);
  const { refused, asksLocation, isLocating, sending, again } = scanner;
  const [isLooking, setLooking] = useState(false);
  const [hasCamera, setHasCamera] = useState(true);
  const askedUntil = useOwnRecheck(session);
  const told = useRef<HTMLDivElement>(null);
  const main = useRef<HTMLButtonElement>(null);
  const { data: end = null, isPending: isSending } = sending;
  const { error } = sending;
  useEffect(() => {
    if (end !== null) told.current?.focus();
    // A button that is busy loses the focus; whoever had it elsewhere keeps it there.
    else if (error !== null && document.activeElement === document.body) main.current?.focus();
  }, [end, error]);
  const send = (code: ScannedCode): void => scanner.send(code, askedUntil);
  if (refused) return <RefusedTicket error={refused} isBusy={scanner.isOpening} onAgain={again} />;
  const recheck = end?.kind === 'answered' ? end.recheck : 'none';
  const isFilming = isLooking && !isSending && end === null;
  const progress = isLocating
    ? 'scan.locating'
    : isSending
      ? 'scan.sending'
      : isFilming
        ? 'scan.looking'
        : null;
  const toggle = (): void => {
    if (end !== null || error !== null) again();
    setHasCamera(true);
    setLooking(end === null && !isLooking);
  };
  return (
    <Stack gap="md" maw={560}>
      {askedUntil === null ? null : (
        <RecheckNotice untilMs={askedUntil} isStillAsked={recheck === 'asked'} />
      )}
      {/* Always there, since screen readers follow only what they knew before it changed. */}
      <div ref={told} role="status" tabIndex={-1} className="scan-status">
        {end === null ? (
          progress === null ? null : (
            <Text size="sm">{t(progress)}</Text>
          )
        ) : (
          <Ended end={end} isConfirmed={recheck === 'confirmed'} />
        )}
      </div>
      <FormFailure error={error} />
      {isFilming ? (
        <Paper className="scan-frame">
          <CameraView
            onCode={(text) => {
              if (!OUR_CODE.test(text) || sending.isPending) return;
              setLooking(false);
              send({ qr_token: text });
            }}
            onFailure={() => {
              setLooking(false);
              setHasCamera(false);
            }}
          />
        </Paper>
      ) : null}
      {/* One button for all of it: one that came and went would take the focus of the keyboard along. */}
      <Group>
        <Button
          ref={main}
          size={end === null && !isFilming ? 'lg' : 'sm'}
          variant={end === null && !isFilming ? 'filled' : 'default'}
          leftSection={end === null ? <IconCamera size={20} aria-hidden /> : undefined}
          loading={isSending}
          onClick={toggle}
        >
          {t(end === null ? (isFilming ? 'scan.stopCamera' : 'scan.startCamera') : 'scan.again')}
        </Button>
      </Group>
      {hasCamera ? null : (
        <Alert color="yellow" variant="light" role="alert">
          {t('scan.noCamera')}
        </Alert>
      )}
      {end === null ? (
        <Digits isSending={isSending} onSend={(text) => send({ text_code: text })} />
      ) : null}
      {asksLocation && end === null ? (
        <Text size="xs" c="dimmed">
          {t('scan.whyLocation')}
        </Text>
      ) : null}
    </Stack>
  );
}

interface RefusedTicketProps {
  readonly error: unknown;
  readonly isBusy: boolean;
  readonly onAgain: () => void;
}

/** The class may open in a minute, a limit may pass: what was refused can be tried again. */
function RefusedTicket({ error, isBusy, onAgain }: RefusedTicketProps) {
  const { t } = useTranslation();
  return (
    <Stack gap="md" maw={560} align="flex-start">
      <FormFailure error={error} />
      <Button
        variant="default"
        leftSection={<IconRefresh size={16} aria-hidden />}
        loading={isBusy}
        onClick={onAgain}
      >
        {t('common.retry')}
      </Button>
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
}

function Ended({ end, isConfirmed }: EndedProps) {
  return end.kind === 'saved' ? (
    <Saved id={end.id} />
  ) : (
    <Answered result={end.result} isConfirmed={isConfirmed} />
  );
}

/** What became of it after it was sent is told above every page. */
function Saved({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  const { scans } = useApp();
  const { waiting } = useSyncExternalStore(scans.subscribe, scans.state);
  const isWaiting = waiting.some((scan) => scan.op_id === id);
  return (
    <Alert
      color={isWaiting ? 'yellow' : 'gray'}
      variant="light"
      // The region around it is what is read aloud.
      role={undefined}
      data-testid="scan-result"
      icon={isWaiting ? <IconCloudOff aria-hidden /> : <IconCloudCheck aria-hidden />}
      title={isWaiting ? t('scan.saved') : t('scan.sentLater', { count: 1 })}
    >
      {isWaiting ? t('scan.savedText') : null}
    </Alert>
  );
}

interface AnsweredProps {
  readonly result: MarkResult;
  readonly isConfirmed: boolean;
}

function Answered({ result: { record }, isConfirmed }: AnsweredProps) {
  const { t } = useTranslation();
  const mark = record?.mark ?? null;
  // Who scans only on leaving is not recorded by it.
  const isUnmarked = record !== null && mark === null;
  const title = isUnmarked ? 'scan.unmarked' : isConfirmed ? 'recheck.confirmed' : 'scan.done';
  return (
    <Alert
      color={isUnmarked ? 'yellow' : 'green'}
      variant="light"
      role={undefined}
      data-testid="scan-result"
      icon={isUnmarked ? <IconAlertTriangle aria-hidden /> : <IconCircleCheck aria-hidden />}
      title={t(title)}
    >
      {isUnmarked
        ? t('scan.unmarkedText')
        : mark === null
          ? t('scan.alreadyRecorded')
          : t(`mark.${mark}`)}
    </Alert>
  );
}

/** Says that scans wait for the server, or that saved ones do not count, above whatever page is open. */
import { Button, Group, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { IconAlertTriangle, IconCloudUpload, IconWifiOff } from '@tabler/icons-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { ApiProblem } from '../api/problem.ts';
import { queryKeys } from '../api/query-keys.ts';
import { readSession } from '../api/sessions.ts';
import { useApp } from '../app-context.ts';
import { ConfirmDialog } from '../shared/confirm-dialog.tsx';
import { useFailureText } from '../shared/states.tsx';
import { showMoment } from '../shared/times.ts';
import { useZone } from '../shared/use-zone.ts';
import type { HoldReason, RefusedScan } from './saved-scans.ts';
import { scanRefusalWords } from './scan-refusal.ts';
import './saved-scans-notice.css';
import { isOfAnother } from './send-saved-scan.ts';
import { useSavedScans } from './use-saved-scans.ts';

/** Nothing while all is well; sends what waits as long as it is there. */
export function SavedScansNotice({ student }: { readonly student: string }) {
  const { waiting, held, refused, sending, sendNow, discard, dismiss } = useSavedScans(student);
  useScannerAtHand();
  if (waiting === 0 && refused.length === 0) return null;
  return (
    <Stack gap="sm" className="saved-scans no-print">
      {waiting === 0 ? null : (
        <Waiting count={waiting} held={held} {...sending} onSend={sendNow} onDiscard={discard} />
      )}
      {refused.map((scan) => (
        <Refused key={scan.op_id} scan={scan} onDismiss={() => dismiss(scan.op_id)} />
      ))}
    </Stack>
  );
}

/** Fetches the scanner before it is needed, so that it opens where there is no network. */
function useScannerAtHand(): void {
  useEffect(() => {
    if (!navigator.onLine) return;
    // Without it now, it is fetched when it is opened.
    import('./scan-page.tsx').catch(() => undefined);
  }, []);
}

interface WaitingProps {
  readonly count: number;
  readonly isSending: boolean;
  readonly failure: unknown;
  /** Why they are not sent by themselves any more; null where they are. */
  readonly held: HoldReason | null;
  readonly onSend: () => void;
  readonly onDiscard: () => void;
}

function Waiting({ count, held, isSending, failure, onSend, onDiscard }: WaitingProps) {
  const { t } = useTranslation();
  const failureText = useFailureText();
  const refusal = failure instanceof ApiProblem ? failure : null;
  const [isDiscarding, { open, close }] = useDisclosure(false);
  const Icon = refusal || held ? IconCloudUpload : IconWifiOff;
  return (
    <div className="alert-bar tone-late" role="status" data-testid="saved-scans">
      <Icon size={22} aria-hidden />
      <div className="alert-bar-words">
        <strong>{t('scan.waiting', { count })}</strong>
        <div>{held?.detail ?? (refusal ? failureText(refusal) : t('scan.waitingText'))}</div>
      </div>
      <Group gap="xs">
        <Button size="xs" variant="default" loading={isSending} onClick={onSend}>
          {t('scan.sendNow')}
        </Button>
        {held ? (
          <Button size="xs" variant="default" component={Link} to="/my-devices">
            {t('scan.toDevices')}
          </Button>
        ) : null}
        {held || isOfAnother(failure) ? (
          <Button size="xs" variant="default" onClick={open}>
            {t('scan.discard')}
          </Button>
        ) : null}
      </Group>
      <ConfirmDialog
        isOpen={isDiscarding}
        title={t('scan.discardTitle', { count })}
        text={t('scan.discardText', { count })}
        action={t('scan.discard')}
        isFinal
        onClose={close}
        onConfirm={onDiscard}
      />
    </div>
  );
}

interface RefusedProps {
  readonly scan: RefusedScan;
  readonly onDismiss: () => void;
}

function Refused({ scan, onDismiss }: RefusedProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const zone = useZone();
  const { data } = useQuery({
    queryKey: queryKeys.session(scan.session),
    queryFn: ({ signal }) => readSession(api, scan.session, signal),
  });
  const course = data?.course_section.course;
  const classZone = data?.timezone ?? zone;
  const time = showMoment(scan.captured_at, classZone);
  return (
    <div className="alert-bar tone-absent" role="alert" data-testid="refused-scan">
      <IconAlertTriangle size={22} aria-hidden />
      <div className="alert-bar-words">
        <strong>
          {course
            ? t('scan.refusedIn', { course: `${course.code} ${course.name}, ${time}` })
            : t('scan.refusedAt', { time })}
        </strong>
        <div>{scanRefusalWords(t, scan, classZone)}</div>
      </div>
      <Group gap="xs">
        <Button size="xs" variant="default" component={Link} to="/my-attendance">
          {t('scan.correct')}
        </Button>
        <Button size="xs" variant="default" onClick={onDismiss}>
          {t('scan.dismiss')}
        </Button>
      </Group>
    </div>
  );
}

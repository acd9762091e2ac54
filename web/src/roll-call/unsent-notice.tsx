/** Says that marks wait for the network, or that some were refused and taken back. */
import { Button, Group } from '@mantine/core';
import { IconAlertTriangle, IconCloudUpload, IconWifiOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { RosterRow } from '../api/types.ts';
import type { Marking, MarkingState } from './marking.ts';
import { nameOf } from './reason-dialog.tsx';
import { focusStudent } from './student-grid.tsx';

interface UnsentNoticeProps {
  readonly state: MarkingState;
  readonly rows: readonly RosterRow[];
  readonly marking: Marking;
}

/** Nothing while all is well. */
export function UnsentNotice(props: UnsentNoticeProps) {
  const { state, marking } = props;
  return (
    <>
      {state.trouble === null || state.unsent.size === 0 ? null : (
        <Waiting state={state} marking={marking} trouble={state.trouble} />
      )}
      {state.failures.size === 0 ? null : <Refused {...props} />}
    </>
  );
}

interface WaitingProps extends Pick<UnsentNoticeProps, 'state' | 'marking'> {
  readonly trouble: NonNullable<MarkingState['trouble']>;
}

function Waiting({ state, marking, trouble }: WaitingProps) {
  const { t } = useTranslation();
  const Icon = trouble === 'offline' ? IconWifiOff : IconCloudUpload;
  return (
    <div className="alert-bar tone-late" role="status" data-testid="unsent">
      <Icon size={20} aria-hidden />
      <div className="alert-bar-words">
        <strong>{t(`rollCall.${trouble}Title`)}</strong>
        <div>
          {t('rollCall.unsent', { count: state.unsent.size })} {t(`rollCall.${trouble}Text`)}
        </div>
      </div>
      <Button size="xs" variant="default" onClick={() => marking.start()}>
        {t('rollCall.sendNow')}
      </Button>
    </div>
  );
}

function Refused({ state, rows, marking }: UnsentNoticeProps) {
  const { t } = useTranslation();
  const [first] = state.failures;
  if (first === undefined) return null;
  const [student, { detail }] = first;
  return (
    <div className="alert-bar tone-absent" role="alert" data-testid="refused">
      <IconAlertTriangle size={20} aria-hidden />
      <div className="alert-bar-words">
        <strong>{t('rollCall.failed', { count: state.failures.size })}</strong>
        <div>{t('rollCall.announceFailed', { name: nameOf(rows, student), detail })}</div>
      </div>
      <Group gap="xs">
        <Button size="xs" variant="default" onClick={() => focusStudent(student)}>
          {t('rollCall.showFailed')}
        </Button>
        <Button size="xs" variant="default" onClick={() => marking.dismissFailures()}>
          {t('rollCall.dismiss')}
        </Button>
      </Group>
    </div>
  );
}

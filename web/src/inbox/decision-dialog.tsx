/** Decides a request, with a note; says clearly when somebody else was first. */
import { Alert, Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { IconUserCheck } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ApiClient } from '../api/client.ts';
import { ApiProblem, fieldMessages } from '../api/problem.ts';
import { decideCase, readCase, type AnyRequest, type Decision } from '../api/requests.ts';
import type { User } from '../api/types.ts';
import { useApp, useUser } from '../app-context.ts';
import { CaseMatter } from '../requests/case-card.tsx';
import { casePerson, caseTitle, type Case } from '../requests/case.ts';
import { FormFailure } from '../shared/form-failure.tsx';
import { notifyDone } from '../shared/notify.ts';
import { fullName } from '../shared/person-name.ts';
import { showDistance } from '../shared/times.ts';
import { useIdempotencyKey } from '../shared/use-idempotency-key.ts';
import { useSettleCase } from './use-waiting-cases.ts';
import type { Intent } from './waiting-list.tsx';

interface DecisionDialogProps {
  /** What is about to be decided; null keeps the dialog closed. */
  readonly intent: Intent | null;
  readonly onClose: () => void;
  /** Called when the request no longer waits, whoever decided it. */
  readonly onSettled: (request: Case) => void;
}

/** The dialog. */
export function DecisionDialog({ intent, onClose, onSettled }: DecisionDialogProps) {
  const { t } = useTranslation();
  // The last request stays while the dialog fades out.
  const [shown, setShown] = useState(intent);
  if (intent !== null && intent !== shown) setShown(intent);
  const isApproval = shown?.verdict !== 'rejected';
  return (
    <Modal
      opened={intent !== null}
      onClose={onClose}
      title={t(isApproval ? 'inbox.approveTitle' : 'inbox.rejectTitle')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {shown === null ? null : (
        <DecisionForm intent={shown} onClose={onClose} onSettled={onSettled} />
      )}
    </Modal>
  );
}

interface DecisionFormProps {
  readonly intent: Intent;
  readonly onClose: () => void;
  readonly onSettled: (request: Case) => void;
}

function DecisionForm({ intent, onClose, onSettled }: DecisionFormProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const user = useUser();
  const { request, verdict } = intent;
  const [note, setNote] = useState('');
  const [isMissing, setIsMissing] = useState(false);
  const settle = useSettleCase();
  const keyOf = useIdempotencyKey();
  const decision = useMutation({
    mutationFn: (body: Decision) =>
      decide({ api, user, request, body, key: keyOf([request.item.id, body]) }),
    onSuccess: (outcome) => {
      onSettled(request);
      settle(request);
      if (outcome.isOurs) {
        notifyDone(t(`inbox.${verdict}`));
        onClose();
      }
    },
  });
  const submit = (): void => {
    const given = note.trim();
    const lacksNote = verdict === 'rejected' && given === '';
    setIsMissing(lacksNote);
    if (lacksNote) return;
    decision.mutate({ status: verdict, ...(given === '' ? {} : { note: given }) });
  };
  if (decision.data?.isOurs === false) {
    return <DecidedByOther found={decision.data.found} onClose={onClose} />;
  }
  return (
    <Stack>
      <FormFailure error={decision.error} />
      <Stack gap={4}>
        <Text fw={620}>{fullName(casePerson(request))}</Text>
        <Text size="sm">{caseTitle(request)}</Text>
        <CaseMatter request={request} />
      </Stack>
      <Textarea
        label={t('inbox.note')}
        description={t(request.kind === 'unlock' ? 'inbox.noteHintUnlock' : 'inbox.noteHint')}
        placeholder={verdict === 'approved' ? t('common.optional') : ''}
        required={verdict === 'rejected'}
        data-autofocus
        autosize
        minRows={2}
        maxLength={2_000}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit();
        }}
        error={isMissing ? t('inbox.noteRequired') : fieldMessages(decision.error)['note']}
      />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button
          onClick={submit}
          loading={decision.isPending}
          color={verdict === 'rejected' ? 'red' : 'indigo'}
        >
          {t(verdict === 'rejected' ? 'inbox.reject' : 'inbox.approve')}
        </Button>
      </Group>
    </Stack>
  );
}

type Outcome =
  | { readonly isOurs: true }
  | {
      readonly isOurs: false;
      /** The request as it now is; null when the reader may no longer see it. */
      readonly found: AnyRequest | null;
    };

interface DecisionToSend {
  readonly api: ApiClient;
  readonly user: User;
  readonly request: Case;
  readonly body: Decision;
  /** A second try of the same decision is answered like the first. */
  readonly key: string;
}

/** Decides; when the request is decided already, finds out by whom. */
async function decide({ api, user, request, body, key }: DecisionToSend): Promise<Outcome> {
  const { kind } = request;
  const { id } = request.item;
  try {
    await decideCase(api, kind, id, body, key);
    return { isOurs: true };
  } catch (error) {
    if (!(error instanceof ApiProblem) || !NO_LONGER_WAITS.includes(error.code)) throw error;
    const found = await readCase(api, kind, id).catch((cause: unknown) => {
      if (cause instanceof ApiProblem && cause.status < 500) return null;
      throw cause;
    });
    if (found?.status === 'pending') throw error;
    // An earlier try, of a dialog that was closed, may have arrived: then it is our own decision.
    const isOurs = found?.decided_by?.id === user.id && found.status === body.status;
    return isOurs ? { isOurs } : { isOurs: false, found };
  }
}

const NO_LONGER_WAITS: readonly string[] = ['already_decided', 'state_conflict', 'not_found'];

interface DecidedByOtherProps {
  readonly found: AnyRequest | null;
  readonly onClose: () => void;
}

function DecidedByOther({ found, onClose }: DecidedByOtherProps) {
  const { t } = useTranslation();
  const decider = found?.decided_by ?? null;
  return (
    <Stack>
      <Alert
        color="red"
        variant="light"
        role="alert"
        icon={<IconUserCheck aria-hidden />}
        title={
          decider === null
            ? t('inbox.noLongerWaits')
            : t('inbox.decidedFirst', { name: fullName(decider) })
        }
      >
        {found === null
          ? t('inbox.notRecorded')
          : `${t('requests.decided', {
              status: t(`caseStatus.${found.status}`),
              time: found.decided_at === null ? '' : showDistance(found.decided_at),
            }).trim()}. ${t('inbox.notRecorded')}`}
        {found?.note ? (
          <Text size="sm" mt={6}>
            {t('requests.noteFrom', { note: found.note })}
          </Text>
        ) : null}
      </Alert>
      <Group justify="flex-end">
        <Button onClick={onClose} autoFocus>
          {t('common.close')}
        </Button>
      </Group>
    </Stack>
  );
}

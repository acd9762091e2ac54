/** Settles a contradiction: shows every claim, asks for a mark of each student and for a reason. */
import {
  Alert,
  Button,
  Group,
  Input,
  Modal,
  SegmentedControl,
  Stack,
  Text,
  Textarea,
} from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  readConflict,
  resolveConflict,
  type Conflict,
  type ConflictClaim,
  type ConflictDetail,
  type Resolution,
} from '../api/conflicts.ts';
import { ApiProblem, fieldMessages } from '../api/problem.ts';
import { queryKeys } from '../api/query-keys.ts';
import { ROLL_MARKS, type RollMark, type StudentName } from '../api/types.ts';
import { useApp } from '../app-context.ts';
import { MarkChip } from '../shared/chips.tsx';
import { FormFailure } from '../shared/form-failure.tsx';
import { notifyDone } from '../shared/notify.ts';
import { fullName } from '../shared/person-name.ts';
import { LoadFailed, LoadingCards } from '../shared/states.tsx';
import { showMoment } from '../shared/times.ts';
import { useIdempotencyKey } from '../shared/use-idempotency-key.ts';
import { useZone } from '../shared/use-zone.ts';
import './conflicts.css';

interface ResolveDialogProps {
  /** Null keeps the dialog closed. */
  readonly conflict: Conflict | null;
  readonly onClose: () => void;
  readonly onSettled: () => void;
}

/** The dialog. */
export function ResolveDialog({ conflict, onClose, onSettled }: ResolveDialogProps) {
  const { t } = useTranslation();
  // The last one stays while the dialog fades out.
  const [shown, setShown] = useState(conflict);
  if (conflict !== null && conflict !== shown) setShown(conflict);
  return (
    <Modal
      opened={conflict !== null}
      onClose={onClose}
      title={t('conflicts.settleTitle')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {shown === null ? null : (
        <Detail key={shown.id} id={shown.id} onClose={onClose} onSettled={onSettled} />
      )}
    </Modal>
  );
}

interface DetailProps {
  readonly id: string;
  readonly onClose: () => void;
  readonly onSettled: () => void;
}

function Detail({ id, onClose, onSettled }: DetailProps) {
  const { api } = useApp();
  const { data, error, refetch } = useQuery({
    queryKey: queryKeys.conflict(id),
    queryFn: ({ signal }) => readConflict(api, id, signal),
    staleTime: 0,
  });
  if (data === undefined) {
    return error === null ? (
      <LoadingCards count={1} />
    ) : (
      <LoadFailed error={error} onRetry={() => void refetch()} />
    );
  }
  return <ResolveForm conflict={data} onClose={onClose} onSettled={onSettled} />;
}

interface ResolveFormProps {
  readonly conflict: ConflictDetail;
  readonly onClose: () => void;
  readonly onSettled: () => void;
}

function ResolveForm({ conflict, onClose, onSettled }: ResolveFormProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const cache = useQueryClient();
  const keyOf = useIdempotencyKey();
  const [marks, setMarks] = useState<Readonly<Record<string, RollMark>>>({});
  const [reason, setReason] = useState('');
  const [isTried, setIsTried] = useState(false);
  const students = concerned(conflict.claims);
  const resolution = useMutation({
    mutationFn: (body: Resolution) =>
      resolveConflict(api, conflict, body, keyOf([conflict.id, conflict.version, body])),
    onSuccess: () => {
      notifyDone(t('conflicts.settled'));
      onSettled();
    },
    onError: (error) => {
      if (isStale(error)) {
        void cache.invalidateQueries({ queryKey: queryKeys.conflict(conflict.id) });
      }
    },
  });
  const isMarked = students.every(({ id }) => marks[id] !== undefined);
  const submit = (): void => {
    setIsTried(true);
    if (!isMarked || reason.trim() === '') return;
    const chosen = students.flatMap(({ id }) => {
      const mark = marks[id];
      return mark === undefined ? [] : [{ student: id, mark }];
    });
    resolution.mutate({ marks: chosen, reason: reason.trim() });
  };
  return (
    <Stack>
      {isStale(resolution.error) ? (
        <Alert color="yellow" variant="light" role="alert">
          {t('conflicts.changed')}
        </Alert>
      ) : (
        <FormFailure error={resolution.error} />
      )}
      <div>
        <Text fw={560} size="sm" mb={6}>
          {t('conflicts.claims')}
        </Text>
        <ul className="claim-list">
          {conflict.claims.map((claim) => (
            <Claim key={claim.op_id} claim={claim} showsPerson={students.length > 1} />
          ))}
        </ul>
      </div>
      {students.map((student) => (
        <Input.Wrapper
          key={student.id}
          label={t('conflicts.yourWord', { name: fullName(student) })}
          labelElement="div"
          error={isTried && marks[student.id] === undefined ? t('conflicts.markRequired') : null}
        >
          <SegmentedControl
            mt={4}
            fullWidth
            aria-label={t('conflicts.yourWord', { name: fullName(student) })}
            value={marks[student.id] ?? ''}
            onChange={(value) => {
              const mark = ROLL_MARKS.find((known) => known === value);
              if (mark !== undefined) setMarks({ ...marks, [student.id]: mark });
            }}
            data={ROLL_MARKS.map((value) => ({ value, label: t(`mark.${value}`) }))}
          />
        </Input.Wrapper>
      ))}
      <Textarea
        label={t('common.reason')}
        description={t('conflicts.reasonHint')}
        required
        autosize
        minRows={2}
        maxLength={2_000}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        error={
          isTried && reason.trim() === ''
            ? t('conflicts.reasonRequired')
            : fieldMessages(resolution.error)['reason']
        }
      />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button onClick={submit} loading={resolution.isPending}>
          {t('conflicts.settle')}
        </Button>
      </Group>
    </Stack>
  );
}

const isStale = (error: unknown): boolean =>
  error instanceof ApiProblem && (error.code === 'stale' || error.code === 'state_conflict');

function concerned(claims: readonly ConflictClaim[]): StudentName[] {
  const members = claims.filter((claim) => claim.on_roster);
  return [...new Map(members.map(({ student }) => [student.id, student])).values()];
}

interface ClaimProps {
  readonly claim: ConflictClaim;
  readonly showsPerson: boolean;
}

function Claim({ claim, showsPerson }: ClaimProps) {
  const { t } = useTranslation();
  const zone = useZone();
  const source = t(`source.${claim.source as 'manual'}`);
  return (
    <li className="claim" data-holds={claim.holds_record || undefined}>
      <MarkChip mark={claim.mark} />
      <Text size="sm">
        {claim.by === null ? source : t('conflicts.claimBy', { source, name: claim.by })}
        {showsPerson ? ` · ${fullName(claim.student)}` : null}
      </Text>
      <Text size="xs" c="dimmed">
        {t('conflicts.effective', { time: showMoment(claim.effective_at, zone) })}
        {claim.capture_mode === 'offline' ? `, ${t('conflicts.offline')}` : null}
        {claim.holds_record ? `, ${t('conflicts.holds')}` : null}
      </Text>
    </li>
  );
}

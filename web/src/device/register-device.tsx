/** Makes this browser the reader's device, through whatever the server asks for on the way. */
import {
  Alert,
  Button,
  Group,
  Paper,
  PasswordInput,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconDeviceMobile, IconMail } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { registerDevice, sendDeviceCode, type Registration } from '../api/devices.ts';
import { ApiProblem } from '../api/problem.ts';
import { queryKeys } from '../api/query-keys.ts';
import { useApp, useUser } from '../app-context.ts';
import { FormFailure } from '../shared/form-failure.tsx';
import { notifyDone } from '../shared/notify.ts';
import { showMoment, showTime } from '../shared/times.ts';
import { useZone } from '../shared/use-zone.ts';
import { useDeviceWords } from './use-device-words.ts';

/** What the server asked for last. */
type Step = 'start' | 'replace' | 'code' | 'sign_in';

const STEP_AFTER: Readonly<Record<string, Step>> = {
  device_already_bound: 'replace',
  device_code_required: 'code',
  device_code_wrong: 'code',
  device_code_expired: 'code',
  too_many_attempts: 'code',
  step_up_required: 'sign_in',
};
/** Answers that only name the next step: the step itself says what to do. */
const ONLY_NEXT_STEP: readonly string[] = [
  'device_already_bound',
  'device_code_required',
  'step_up_required',
];
/** Answers after which the code of the field is of no use any more. */
const NEEDS_NEW_CODE: readonly string[] = ['device_code_expired', 'too_many_attempts'];

interface RegisterDeviceProps {
  /** The reader has another device, which this one would replace. */
  readonly hasOther?: boolean;
  /** The reader had a device before, so that this one is pending. */
  readonly hadDevice?: boolean;
}

/** The card. */
export function RegisterDevice({ hasOther = false, hadDevice = false }: RegisterDeviceProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queryClient = useQueryClient();
  const zone = useZone();
  const [step, setStep] = useState<Step>(hasOther ? 'replace' : 'start');
  const register = useMutation({
    mutationFn: (registration: Registration) => registerDevice(api, registration),
    onError: (failure) => {
      const next = failure instanceof ApiProblem ? STEP_AFTER[failure.code] : undefined;
      if (next !== undefined) setStep(next);
    },
    onSuccess: ({ pending_until: pendingUntil }) => {
      void queryClient.invalidateQueries({ queryKey: queryKeys.ownDevices });
      notifyDone(
        pendingUntil === null
          ? t('devices.registered')
          : t('devices.registeredPending', { time: showMoment(pendingUntil, zone) }),
      );
    },
  });
  const { error, isPending: isBusy, variables } = register;
  const refusal = error instanceof ApiProblem ? error.code : '';
  const last = variables ?? { replace: hasOther };
  const titles = {
    start: 'devices.registerTitle',
    replace: 'devices.replaceTitle',
    code: 'devices.codeTitle',
    sign_in: 'devices.signInTitle',
  } as const;
  return (
    <Paper p="md" maw={560} component="section" aria-label={t(titles[step])}>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {t(titles[step])}
        </Title>
        {NEEDS_NEW_CODE.includes(refusal) ? (
          <Alert color="red" variant="light" role="alert">
            {t('devices.codeIsOver')}
          </Alert>
        ) : (
          <FormFailure error={ONLY_NEXT_STEP.includes(refusal) ? null : error} />
        )}
        {step === 'start' || step === 'replace' ? (
          <Begin
            isReplacing={step === 'replace'}
            hadDevice={hadDevice}
            isBusy={isBusy}
            onRegister={() => register.mutate({ replace: step === 'replace' })}
          />
        ) : step === 'code' ? (
          <EnterCode
            isBusy={isBusy}
            onCode={(code) => register.mutate({ replace: last.replace, code })}
            onNewCode={register.reset}
          />
        ) : (
          <SignInAgain isBusy={isBusy} onSignedIn={() => register.mutate(last)} />
        )}
      </Stack>
    </Paper>
  );
}

interface BeginProps {
  readonly isReplacing: boolean;
  readonly hadDevice: boolean;
  readonly isBusy: boolean;
  readonly onRegister: () => void;
}

function Begin({ isReplacing, hadDevice, isBusy, onRegister }: BeginProps) {
  const { t } = useTranslation();
  const wordsOf = useDeviceWords();
  const text = isReplacing ? 'replaceText' : hadDevice ? 'laterText' : 'registerText';
  return (
    <>
      <Text size="sm">{wordsOf(text)}</Text>
      <Text size="sm" c="dimmed">
        {t('devices.keepText')}
      </Text>
      <Group>
        <Button
          leftSection={<IconDeviceMobile size={18} aria-hidden />}
          loading={isBusy}
          onClick={onRegister}
        >
          {t(isReplacing ? 'devices.replace' : 'devices.register')}
        </Button>
      </Group>
    </>
  );
}

interface EnterCodeProps {
  readonly isBusy: boolean;
  readonly onCode: (code: string) => void;
  /** A new code makes what was said about the last one untrue. */
  readonly onNewCode: () => void;
}

/** The field is there before a code was sent: reading the mail may have reloaded this page. */
function EnterCode({ isBusy, onCode, onNewCode }: EnterCodeProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const zone = useZone();
  const [code, setCode] = useState('');
  const sending = useMutation({
    mutationFn: () => sendDeviceCode(api),
    onSuccess: () => {
      setCode('');
      onNewCode();
    },
  });
  const sent = sending.data;
  const isWhole = /^\d{6}$/.test(code);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isWhole) onCode(code);
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm">{t('devices.codeText')}</Text>
        <FormFailure error={sending.error} />
        {sent === undefined ? null : (
          <Alert color="indigo" variant="light" role="status" icon={<IconMail aria-hidden />}>
            {t('devices.codeSent', {
              address: sent.sent_to,
              time: showTime(sent.expires_at, zone),
            })}
          </Alert>
        )}
        <Group>
          <Button
            variant={sent === undefined ? 'filled' : 'default'}
            leftSection={<IconMail size={18} aria-hidden />}
            loading={sending.isPending}
            onClick={() => sending.mutate()}
          >
            {t(sent === undefined ? 'devices.sendCode' : 'devices.sendAnotherCode')}
          </Button>
        </Group>
        <Group align="flex-end" gap="sm">
          <TextInput
            label={t('devices.code')}
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={6}
            value={code}
            onChange={(event) => setCode(event.currentTarget.value.replaceAll(/\D/g, ''))}
          />
          <Button
            type="submit"
            variant={sent === undefined ? 'default' : 'filled'}
            disabled={!isWhole}
            loading={isBusy}
          >
            {t('devices.register')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface SignInAgainProps {
  readonly isBusy: boolean;
  readonly onSignedIn: () => void;
}

/** A fresh sign-in without leaving the page. */
function SignInAgain({ isBusy, onSignedIn }: SignInAgainProps) {
  const { t } = useTranslation();
  const { signIn } = useApp();
  const { email } = useUser();
  const [password, setPassword] = useState('');
  const entering = useMutation({
    mutationFn: () => signIn.enter(email, password),
    onSuccess: onSignedIn,
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (password !== '') entering.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm">{t('devices.signInText')}</Text>
        <FormFailure error={entering.error} />
        {/* Password managers fill the password of the account that is named beside it. */}
        <input type="hidden" name="username" autoComplete="username" value={email} readOnly />
        <PasswordInput
          label={t('devices.password')}
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Group>
          <Button type="submit" disabled={password === ''} loading={entering.isPending || isBusy}>
            {t('devices.confirm')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

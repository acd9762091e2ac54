/** Sign-in with email and password; password managers and pasting work as everywhere. */
import {
  Alert,
  Button,
  Paper,
  PasswordInput,
  Stack,
  Text,
  TextInput,
  ThemeIcon,
  Title,
} from '@mantine/core';
import { IconBolt, IconCloudCheck, IconEye } from '@tabler/icons-react';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldMessages } from '../api/problem.ts';
import { useApp } from '../app-context.ts';
import { useFailureText } from '../shared/states.tsx';
import { Brand } from '../shell/brand.tsx';
import './sign-in-page.css';

interface SignInPageProps {
  readonly why: 'never' | 'left' | 'expired';
}

/** The first screen of a visitor. */
export function SignInPage({ why }: SignInPageProps) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${t('signIn.submit')} · ${t('common.appName')}`;
  }, [t]);
  return (
    <div className="sign-in">
      <aside className="sign-in-side">
        <Promise />
      </aside>
      <main className="sign-in-main">
        <Paper p={{ base: 'lg', sm: 'xl' }} w="100%" maw={420} shadow="sm">
          <Stack gap="lg">
            <Brand />
            <div>
              <Title order={1} size="h2">
                {t('signIn.title')}
              </Title>
              <Text c="dimmed" size="sm">
                {t('signIn.lead')}
              </Text>
            </div>
            {why === 'never' ? null : (
              <Alert color="indigo" variant="light" role="status">
                {t(why === 'left' ? 'signIn.left' : 'signIn.expired')}
              </Alert>
            )}
            <SignInForm />
          </Stack>
        </Paper>
      </main>
    </div>
  );
}

function Promise() {
  const { t } = useTranslation();
  const points = [
    { icon: IconBolt, text: t('signIn.pointLive') },
    { icon: IconCloudCheck, text: t('signIn.pointSafe') },
    { icon: IconEye, text: t('signIn.pointFair') },
  ];
  return (
    <Stack gap="xl" maw={440}>
      <div>
        <p className="sign-in-claim">{t('signIn.side')}</p>
        <p className="sign-in-lead">{t('signIn.sideLead')}</p>
      </div>
      <ul className="sign-in-points">
        {points.map(({ icon: Icon, text }) => (
          <li key={text}>
            <ThemeIcon size={34} radius="md" color="rgba(255, 255, 255, 0.16)" aria-hidden>
              <Icon size={19} stroke={1.8} />
            </ThemeIcon>
            {text}
          </li>
        ))}
      </ul>
    </Stack>
  );
}

function SignInForm() {
  const { t } = useTranslation();
  const { signIn } = useApp();
  const failureText = useFailureText();
  const [error, setError] = useState<unknown>(null);
  const [missing, setMissing] = useState({ email: false, password: false });
  const [isSending, setIsSending] = useState(false);
  const emailInput = useRef<HTMLInputElement>(null);
  const passwordInput = useRef<HTMLInputElement>(null);
  const messages = fieldMessages(error);

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    // Read from the fields: some password managers fill them without an input event.
    const email = emailInput.current?.value.trim() ?? '';
    const password = passwordInput.current?.value ?? '';
    setMissing({ email: email === '', password: password === '' });
    if (email === '') return emailInput.current?.focus();
    if (password === '') return passwordInput.current?.focus();
    setIsSending(true);
    setError(null);
    try {
      await signIn.enter(email, password);
    } catch (failure) {
      setError(failure);
      passwordInput.current?.select();
    } finally {
      setIsSending(false);
    }
  };

  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Stack gap="md">
        {error === null ? null : (
          <Alert color="red" variant="light" role="alert">
            {failureText(error)}
          </Alert>
        )}
        <TextInput
          ref={emailInput}
          label={t('signIn.email')}
          name="email"
          type="text"
          inputMode="email"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          size="md"
          autoFocus
          error={missing.email ? t('signIn.missing') : messages['email']}
        />
        <PasswordInput
          ref={passwordInput}
          label={t('signIn.password')}
          name="password"
          autoComplete="current-password"
          size="md"
          error={missing.password ? t('signIn.missing') : messages['password']}
        />
        <Button type="submit" size="md" loading={isSending} fullWidth mt="xs">
          {t('signIn.submit')}
        </Button>
      </Stack>
    </form>
  );
}

/** The screen of a room: the code of now, large, and how many are here. */
import { Button, Group, Text } from '@mantine/core';
import { IconArrowLeft, IconMaximize, IconNumbers } from '@tabler/icons-react';
import { encodeQR } from 'qr';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { FormFailure } from '../shared/form-failure.tsx';
import './display.css';
import { useDisplay, type DisplayState } from './use-display.ts';

/** The page; another session is another screen. */
export function DisplayPage() {
  const { session } = useParams();
  if (session === undefined) throw new Error('the address names no session');
  return <Screen key={session} session={session} />;
}

function Screen({ session }: { readonly session: string }) {
  const { t } = useTranslation();
  const [withDigits, setDigits] = useState(false);
  const state = useDisplay(session, withDigits);
  useEffect(() => {
    document.title = `${t('display.title')} · ${t('common.appName')}`;
  }, [t]);
  return (
    <main className="display-screen">
      <h1 className="display-purpose">
        {state.isClosed
          ? t('display.ended')
          : t(`display.purpose.${state.code?.purpose ?? 'entry'}`)}
      </h1>
      <FormFailure error={state.error} />
      <Code state={state} />
      <p className="display-count numbers" role="status" data-testid="display-count">
        {state.counts === null ? '' : t('display.marked', state.counts)}
      </p>
      <Group gap="sm" className="display-tools no-print">
        <Button
          component={Link}
          to={`/sessions/${session}`}
          variant="default"
          leftSection={<IconArrowLeft size={17} aria-hidden />}
        >
          {t('display.back')}
        </Button>
        <Button
          variant="default"
          leftSection={<IconNumbers size={17} aria-hidden />}
          onClick={() => setDigits((before) => !before)}
        >
          {t(withDigits ? 'display.withoutDigits' : 'display.withDigits')}
        </Button>
        <Button
          variant="default"
          leftSection={<IconMaximize size={17} aria-hidden />}
          onClick={() => void document.documentElement.requestFullscreen().catch(() => undefined)}
        >
          {t('display.fullScreen')}
        </Button>
      </Group>
    </main>
  );
}

function Code({ state: { code, isClosed, error } }: { readonly state: DisplayState }) {
  const { t } = useTranslation();
  const token = code?.token ?? null;
  const picture = useMemo(() => (token === null ? null : pictureOf(token)), [token]);
  if (code === null || picture === null) {
    return isClosed || error ? null : <Text c="dimmed">{t('display.waiting')}</Text>;
  }
  return (
    <>
      <img
        className="display-code"
        src={picture}
        alt={t('display.code')}
        data-testid="display-code"
      />
      {code.text_code === null ? null : (
        <p className="display-digits numbers">
          <span>{t('display.digits')}</span> <strong>{code.text_code}</strong>
        </p>
      )}
    </>
  );
}

/** The picture of a code as an address the page may show. */
function pictureOf(token: string): string {
  const svg = encodeQR(token, 'svg', { ecc: 'medium', border: 4 });
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/** The screen of a room: the code of now, large, and how many are here. */
import { Button, Group, Text } from '@mantine/core';
import {
  IconArrowLeft,
  IconClockPause,
  IconMaximize,
  IconNumbers,
  IconRefresh,
} from '@tabler/icons-react';
import { encodeQR } from 'qr';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams, useSearchParams } from 'react-router';
import type { DisplayOptions } from '../api/presence.ts';
import { FormFailure } from '../shared/form-failure.tsx';
import { showMoment } from '../shared/times.ts';
import { useZone } from '../shared/use-zone.ts';
import './display.css';
import type { DisplayState } from './display-feed.ts';
import { haltOf } from './halted.ts';
import { useDisplay } from './use-display.ts';

/** The page; another session is another screen. */
export function DisplayPage() {
  const { session } = useParams();
  if (session === undefined) throw new Error('the address names no session');
  return <Screen key={session} session={session} />;
}

function Screen({ session }: { readonly session: string }) {
  const { t } = useTranslation();
  const [options, setOptions] = useOptions();
  const [refusal, setRefusal] = useState<unknown>(null);
  const { withDigits, isStatic } = options;
  const { state, retry } = useDisplay(session, options, (problem) => {
    setRefusal(problem);
    setOptions({ withDigits, isStatic: false });
  });
  const purpose = state.code?.purpose ?? 'entry';
  const halted = haltOf(state);
  const choose = (next: DisplayOptions): void => {
    setRefusal(null);
    setOptions(next);
  };
  useEffect(() => {
    document.title = `${t('display.title')} · ${t('common.appName')}`;
  }, [t]);
  return (
    <main className="display-screen">
      <h1
        className={`display-purpose tone-${purpose === 'exit' ? 'info' : 'late'}`}
        data-purpose={purpose}
        aria-live="polite"
      >
        {t(halted ? `display.halted.${halted.halt}` : `display.purpose.${purpose}`)}
      </h1>
      {halted ? <HaltedText {...halted} /> : <FormFailure error={state.error ?? refusal} />}
      {state.error === null && !halted ? null : (
        <Button
          variant="default"
          leftSection={<IconRefresh size={17} aria-hidden />}
          onClick={retry}
        >
          {t('common.retry')}
        </Button>
      )}
      <Code state={state} />
      <p className="display-count numbers" role="status" data-testid="display-count">
        {state.counts === null ? '' : t('display.marked', state.counts)}
      </p>
      {state.code?.mode === 'static' ? (
        <Text size="sm" c="dimmed" ta="center" className="no-print">
          {t('display.staticNote')}
        </Text>
      ) : null}
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
          onClick={() => choose({ isStatic, withDigits: !withDigits })}
        >
          {t(withDigits ? 'display.withoutDigits' : 'display.withDigits')}
        </Button>
        <Button
          variant="default"
          leftSection={<IconClockPause size={17} aria-hidden />}
          onClick={() => choose({ withDigits, isStatic: !isStatic })}
        >
          {t(isStatic ? 'display.rotating' : 'display.static')}
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

/** What halts the screen, and what becomes of it. */
function HaltedText({ halt, opensAt }: NonNullable<ReturnType<typeof haltOf>>) {
  const { t } = useTranslation();
  const zone = useZone();
  const text =
    halt === 'session_not_open' && opensAt !== null
      ? t('display.opensAt', { time: showMoment(opensAt, zone) })
      : t(`display.haltedText.${halt}`);
  return (
    <Text c="dimmed" ta="center" className="display-halted" role="status">
      {text}
    </Text>
  );
}

/** What the screen shows, kept in the address: a screen that is loaded again shows the same. */
function useOptions(): [DisplayOptions, (next: DisplayOptions) => void] {
  const [search, setSearch] = useSearchParams();
  const options = { withDigits: search.has('digits'), isStatic: search.has('static') };
  const setOptions = ({ withDigits, isStatic }: DisplayOptions): void =>
    setSearch(
      { ...(withDigits ? { digits: '' } : {}), ...(isStatic ? { static: '' } : {}) },
      { replace: true },
    );
  return [options, setOptions];
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

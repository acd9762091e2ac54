/** The texts of the screens by language; another language is one more entry in `resources`. */
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import {
  caseStatus,
  common,
  component,
  excuse,
  fallback,
  mark,
  markLetter,
  problem,
  source,
  verdict,
} from './en-common.ts';
import { conflicts } from './en-conflicts.ts';
import { devices } from './en-devices.ts';
import { integrity } from './en-integrity.ts';
import { notifications } from './en-notifications.ts';
import { display, scan } from './en-presence.ts';
import { flag, presenceChecks, recheck } from './en-presence-checks.ts';
import { presenceSetup } from './en-presence-setup.ts';
import { records } from './en-records.ts';
import { rollCall, session } from './en-sessions.ts';
import { shell, signIn } from './en-shell.ts';
import { selfEntry } from './en-self-entry.ts';
import { inbox, report, statistics } from './en-staff.ts';
import { mine, requests } from './en-student.ts';

/** English; the shape every other language fills. */
export const english = {
  caseStatus,
  common,
  component,
  conflicts,
  devices,
  display,
  excuse,
  flag,
  fallback,
  inbox,
  integrity,
  mark,
  markLetter,
  mine,
  notifications,
  presenceChecks,
  presenceSetup,
  problem,
  recheck,
  records,
  report,
  requests,
  rollCall,
  scan,
  selfEntry,
  session,
  shell,
  signIn,
  source,
  statistics,
  verdict,
} as const;

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof english };
  }
}

/** Makes the texts ready before the first screen. */
export async function setUpTexts(): Promise<void> {
  await i18next.use(initReactI18next).init({
    resources: { en: { translation: english } },
    lng: 'en',
    fallbackLng: 'en',
    // React escapes what it shows.
    interpolation: { escapeValue: false },
  });
}

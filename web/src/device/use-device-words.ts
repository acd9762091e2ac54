/** The sentences about a device that differ between a student, who scans with it, and staff. */
import { useTranslation } from 'react-i18next';
import { useUser } from '../app-context.ts';
import type { english } from '../texts/set-up-texts.ts';

type Sentence = keyof typeof english.devices.staff;

/** Gives the sentence that fits the reader; `time` where it names one. */
export function useDeviceWords(): (sentence: Sentence, time?: string) => string {
  const { t } = useTranslation();
  const isStudent = useUser().student_id !== null;
  return (sentence, time = '') =>
    isStudent ? t(`devices.${sentence}`, { time }) : t(`devices.staff.${sentence}`, { time });
}

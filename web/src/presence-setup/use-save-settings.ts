/** Saves changed settings one by one; what is refused stays marked, what is saved is saved. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { changeSetting, removeSetting, type SettingValue } from '../api/presence-setup.ts';
import { fieldMessages } from '../api/problem.ts';
import { queryKeys } from '../api/query-keys.ts';
import { useApp } from '../app-context.ts';
import { notifyDone } from '../shared/notify.ts';
import { useFailureText } from '../shared/states.tsx';
import { placeOf, type Scope } from './setting-values.ts';

/** A setting to be stored, or removed where the value is undefined. */
export interface SettingChange {
  readonly name: string;
  readonly value: SettingValue | undefined;
  readonly reason?: string;
}

/** Refusals by setting, then by field; `form` holds what speaks of no field. */
export type SettingErrors = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** How to save in a place. */
export function useSaveSettings(scope: Scope, onSaved: (name: string) => void) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queryClient = useQueryClient();
  const failureText = useFailureText();
  const [errors, setErrors] = useState<SettingErrors>({});
  const [isPending, setIsPending] = useState(false);
  const store = ({ name, value, reason }: SettingChange) =>
    value === undefined
      ? removeSetting(api, name, placeOf(scope), reason)
      : changeSetting(api, name, { ...placeOf(scope), value, ...(reason ? { reason } : {}) });
  const save = async (changes: readonly SettingChange[]): Promise<void> => {
    setIsPending(true);
    const refused: Record<string, Record<string, string>> = {};
    const saved: string[] = [];
    let sessions = 0;
    for (const change of changes) {
      try {
        const { sessions_changed: count } = await store(change);
        sessions = Math.max(sessions, count);
        saved.push(change.name);
      } catch (error) {
        const fields = fieldMessages(error);
        refused[change.name] =
          Object.keys(fields).length > 0 ? { ...fields } : { form: failureText(error) };
      }
    }
    // The stored values first: a field that loses its draft shows what is stored.
    await queryClient.invalidateQueries({ queryKey: queryKeys.settings });
    saved.forEach(onSaved);
    setErrors(refused);
    setIsPending(false);
    if (Object.keys(refused).length === 0) {
      // Several changes may reach the same classes or others: how many in all is not known.
      notifyDone(
        saved.length > 1 && sessions > 0
          ? t('presenceSetup.savedSome')
          : t('presenceSetup.saved', { count: sessions }),
      );
    }
  };
  return { save, errors, isPending };
}

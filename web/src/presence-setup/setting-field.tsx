/** One setting: what it does, and its value here or the one it follows. */
import { NumberInput, Select, Text } from '@mantine/core';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { Setting, SettingValue } from '../api/presence-setup.ts';
import { FOLLOW, type FieldText, type Inherited } from './setting-values.ts';

export type ShownSetting =
  | 'PRESENCE_LEVEL'
  | 'GEOFENCE_MODE'
  | 'QR_STEP_SECONDS'
  | 'QR_PREVIOUS_STEPS'
  | 'RECHECK_ENABLED'
  | 'RECHECK_PERCENT'
  | 'STAY_MODE'
  | 'MIN_DURATION_FOR_PRESENT_MINUTES'
  | 'OFFLINE_QR'
  | 'STATIC_QR_ENABLED';

interface SettingFieldProps {
  readonly name: ShownSetting;
  readonly setting: Setting;
  readonly inherited: Inherited;
  readonly text: FieldText;
  readonly error: string | undefined;
  readonly onChange: (text: FieldText) => void;
}

/** The field with its explanation beside it. */
export function SettingField(props: SettingFieldProps) {
  const { t } = useTranslation();
  const { name, setting, inherited, text, error, onChange } = props;
  const id = useId();
  const wordOf = useValueWords(name);
  const followed = t(`presenceSetup.from.${inherited.from}`, { value: wordOf(inherited.value) });
  const isNumber = setting.values.type === 'whole' || setting.values.type === 'number';
  return (
    <div className="setup-field">
      <div>
        <Text component="label" htmlFor={id} size="sm" fw={560}>
          {t(`presenceSetup.${name}.label`)}
        </Text>
        <Text size="xs" c="dimmed" id={`${id}-hint`}>
          {t(`presenceSetup.${name}.hint`)}
        </Text>
      </div>
      {isNumber ? (
        <NumberInput
          id={id}
          aria-describedby={`${id}-hint`}
          value={text === FOLLOW ? '' : text}
          placeholder={followed}
          onChange={(value) => onChange(value === '' ? FOLLOW : String(value))}
          allowDecimal={false}
          error={error}
        />
      ) : (
        <Select
          id={id}
          aria-describedby={`${id}-hint`}
          allowDeselect={false}
          value={text}
          onChange={(value) => onChange(value ?? FOLLOW)}
          data={[
            { value: FOLLOW, label: followed },
            ...(setting.values.of ?? ['true', 'false']).map((value) => ({
              value,
              label: wordOf(value),
            })),
          ]}
          error={error}
          comboboxProps={{ shadow: 'md' }}
        />
      )}
    </div>
  );
}

/** The words for the values of a setting; numbers are their own. */
function useValueWords(name: ShownSetting): (value: SettingValue) => string {
  const { t } = useTranslation();
  return (value) => {
    const text = String(value);
    if (text === 'true') return t('presenceSetup.on');
    if (text === 'false') return t('presenceSetup.off');
    switch (name) {
      case 'PRESENCE_LEVEL':
      case 'GEOFENCE_MODE':
      case 'STAY_MODE':
      case 'OFFLINE_QR': {
        const words: Readonly<Record<string, string>> = t(`presenceSetup.${name}.values`, {
          returnObjects: true,
        });
        return words[text] ?? text;
      }
      case 'QR_STEP_SECONDS':
      case 'QR_PREVIOUS_STEPS':
      case 'RECHECK_ENABLED':
      case 'RECHECK_PERCENT':
      case 'MIN_DURATION_FOR_PRESENT_MINUTES':
      case 'STATIC_QR_ENABLED':
        return text;
      default:
        return name satisfies never;
    }
  };
}

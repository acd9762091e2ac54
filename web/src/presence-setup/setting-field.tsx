/** One setting: what it does, and its value here or the one it follows. */
import { NumberInput, Select } from '@mantine/core';
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
  const wordOf = useValueWords(name);
  const followed =
    inherited.from === 'undecided'
      ? t('presenceSetup.from.undecided')
      : t(`presenceSetup.from.${inherited.from}`, { value: wordOf(inherited.value) });
  const field = {
    label: t(`presenceSetup.${name}.label`),
    description: t(`presenceSetup.${name}.hint`),
    error,
    classNames: FIELD_PARTS,
  };
  const isNumber = setting.values.type === 'whole' || setting.values.type === 'number';
  if (isNumber) {
    return (
      <NumberInput
        {...field}
        value={text === FOLLOW ? '' : text}
        placeholder={followed}
        onChange={(value) => onChange(value === '' ? FOLLOW : String(value))}
        allowDecimal={false}
      />
    );
  }
  return (
    <Select
      {...field}
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
      comboboxProps={{ shadow: 'md' }}
    />
  );
}

/** Label and hint stand beside the field. */
const FIELD_PARTS = {
  root: 'setup-field',
  label: 'setup-field-label',
  description: 'setup-field-hint',
  wrapper: 'setup-field-input',
  error: 'setup-field-error',
} as const;

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

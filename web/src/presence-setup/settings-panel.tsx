/** Settings of presence in one place: each has a value there, or follows a wider place. */
import { Alert, Button, Group, List, Paper, Stack, Text, Textarea, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconAlertTriangle, IconMapPin } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { readSettings, type Campus, type Setting } from '../api/presence-setup.ts';
import { queryKeys } from '../api/query-keys.ts';
import { useApp } from '../app-context.ts';
import { Empty, LoadFailed, LoadingCards } from '../shared/states.tsx';
import { ScopePicker, useScope } from './scope-picker.tsx';
import { SettingField, type ShownSetting } from './setting-field.tsx';
import {
  fieldText,
  inheritedAt,
  storedAt,
  valueOf,
  type FieldText,
  type Scope,
} from './setting-values.ts';
import { useSaveSettings } from './use-save-settings.ts';

const STATIC = 'STATIC_QR_ENABLED';

const GROUPS = [
  { name: 'level', settings: ['PRESENCE_LEVEL', 'GEOFENCE_MODE'] },
  { name: 'code', settings: ['QR_STEP_SECONDS', 'QR_PREVIOUS_STEPS'] },
  { name: 'recheck', settings: ['RECHECK_ENABLED', 'RECHECK_PERCENT'] },
  { name: 'stay', settings: ['STAY_MODE', 'MIN_DURATION_FOR_PRESENT_MINUTES'] },
  { name: 'weak', settings: ['OFFLINE_QR', STATIC] },
] as const satisfies readonly { name: string; settings: readonly ShownSetting[] }[];

/** The settings with the choice of where they hold. */
export function SettingsPanel({ campuses }: { readonly campuses: readonly Campus[] }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const choice = useScope(campuses);
  const { data, error, refetch } = useQuery({
    queryKey: queryKeys.settings,
    queryFn: ({ signal }) => readSettings(api, signal),
  });
  const { scope } = choice;
  return (
    <>
      <ScopePicker choice={choice} />
      <Text size="sm" c="dimmed" mb="md" maw={820}>
        {t('presenceSetup.order')}
      </Text>
      {scope === null && choice.targets.data === undefined ? null : scope === null ? (
        <Empty
          icon={IconMapPin}
          title={t('presenceSetup.chooseTitle')}
          text={t('presenceSetup.chooseText')}
        />
      ) : data !== undefined ? (
        <SettingsForm key={`${scope.kind} ${scope.id}`} scope={scope} settings={data} />
      ) : error === null ? (
        <LoadingCards count={3} />
      ) : (
        <LoadFailed error={error} onRetry={() => void refetch()} />
      )}
    </>
  );
}

interface FormProps {
  readonly scope: Scope;
  readonly settings: readonly Setting[];
}

function SettingsForm({ scope, settings }: FormProps) {
  const { t } = useTranslation();
  const [drafts, setDrafts] = useState<Readonly<Record<string, FieldText>>>({});
  const [reason, setReason] = useState('');
  const { save, errors, isPending } = useSaveSettings(scope, (name) => {
    setDrafts(({ [name]: _saved, ...others }) => others);
    if (name === STATIC) setReason('');
  });
  const textOf = (setting: Setting): FieldText =>
    drafts[setting.name] ?? fieldText(storedAt(setting, scope));
  const changed = settings.filter(
    (setting) => textOf(setting) !== fieldText(storedAt(setting, scope)),
  );
  const isStaticChanged = changed.some(({ name }) => name === STATIC);
  const find = (name: string): Setting | undefined =>
    settings.find((setting) => setting.name === name);
  const isElsewhere = (name: string): boolean => name === STATIC && scope.kind !== 'institution';
  return (
    <Stack maw={820} gap="md">
      {GROUPS.map(({ name, settings: names }) => (
        <Paper key={name} className="setup-group" component="section">
          <Title order={2} size="h4" mb="sm">
            {t(`presenceSetup.group.${name}`)}
          </Title>
          {name === 'level' ? <Levels /> : null}
          <Stack gap="md">
            {names.map((settingName) => {
              const setting = find(settingName);
              if (!setting) return null;
              if (isElsewhere(settingName)) {
                return (
                  <Text key={settingName} size="sm" c="dimmed">
                    {t('presenceSetup.staticElsewhere')}
                  </Text>
                );
              }
              return (
                <SettingField
                  key={settingName}
                  name={settingName}
                  setting={setting}
                  inherited={inheritedAt(setting, scope)}
                  text={textOf(setting)}
                  error={errors[settingName]?.['value']}
                  onChange={(text) => setDrafts((now) => ({ ...now, [settingName]: text }))}
                />
              );
            })}
            {name === 'code' ? (
              <CodeLife settings={settings} scope={scope} textOf={textOf} />
            ) : null}
            {name === 'weak' && isStaticChanged ? (
              <Textarea
                label={t('presenceSetup.reasonFor')}
                description={t('common.reasonHint')}
                required
                autosize
                maxLength={2_000}
                value={reason}
                onChange={(event) => setReason(event.currentTarget.value)}
                error={errors[STATIC]?.['reason']}
              />
            ) : null}
          </Stack>
        </Paper>
      ))}
      {Object.keys(errors).length === 0 ? null : (
        <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} role="alert">
          {Object.values(errors).find((error) => error['form'] !== undefined)?.['form'] ??
            t('presenceSetup.partlySaved')}
        </Alert>
      )}
      <Group gap="sm" className="setup-actions">
        <Button
          loading={isPending}
          disabled={changed.length === 0}
          onClick={() =>
            void save(
              changed.map((setting) => ({
                name: setting.name,
                value: valueOf(setting, textOf(setting)),
                ...(setting.name === STATIC && reason.trim() !== ''
                  ? { reason: reason.trim() }
                  : {}),
              })),
            )
          }
        >
          {t('presenceSetup.save')}
        </Button>
        <Button
          variant="default"
          disabled={changed.length === 0}
          onClick={() => {
            setDrafts({});
            setReason('');
          }}
        >
          {t('presenceSetup.undo')}
        </Button>
      </Group>
    </Stack>
  );
}

function Levels() {
  const { t } = useTranslation();
  return (
    <List size="sm" c="dimmed" mb="md" spacing={2}>
      {(['open', 'standard', 'strict'] as const).map((level) => (
        <List.Item key={level}>{t(`presenceSetup.levels.${level}`)}</List.Item>
      ))}
    </List>
  );
}

interface CodeLifeProps extends FormProps {
  readonly textOf: (setting: Setting) => FieldText;
}

/** How long a code is good for by what the fields say now. */
function CodeLife({ settings, scope, textOf }: CodeLifeProps) {
  const { t } = useTranslation();
  const numberOf = (name: string): number => {
    const setting = settings.find((candidate) => candidate.name === name);
    if (!setting) return Number.NaN;
    return Number(valueOf(setting, textOf(setting)) ?? inheritedAt(setting, scope).value);
  };
  const seconds = numberOf('QR_STEP_SECONDS') * (1 + numberOf('QR_PREVIOUS_STEPS'));
  if (!Number.isFinite(seconds)) return null;
  return (
    <Text size="sm" c={seconds > 30 ? 'red' : 'dimmed'} data-testid="code-life">
      {t('presenceSetup.codeLife', { seconds })}
    </Text>
  );
}

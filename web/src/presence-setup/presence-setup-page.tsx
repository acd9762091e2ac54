/** Setting presence up, as an administrator does: places of rooms, networks of the campus, settings. */
import { Select, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconAdjustments, IconMapPin, IconNetwork } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useParams } from 'react-router';
import { readCampuses, type Campus } from '../api/presence-setup.ts';
import { queryKeys } from '../api/query-keys.ts';
import { useApp, useUser } from '../app-context.ts';
import { PageHeader } from '../shared/page-header.tsx';
import { LoadFailed, LoadingCards } from '../shared/states.tsx';
import { NotAllowedPage, NotFoundPage } from '../shell/not-found-page.tsx';
import { rightsOf } from '../shell/rights.ts';
import { NetworksPanel } from './networks-panel.tsx';
import './presence-setup.css';
import { RoomsPanel } from './rooms-panel.tsx';
import { SettingsPanel } from './settings-panel.tsx';

const PARTS = ['rooms', 'networks', 'settings'] as const;
type Part = (typeof PARTS)[number];
const ICONS = { rooms: IconMapPin, networks: IconNetwork, settings: IconAdjustments } as const;

/** The page; the part shown is in the address. */
export function PresenceSetupPage() {
  const user = useUser();
  const { part = 'rooms' } = useParams();
  const known = PARTS.find((candidate) => candidate === part);
  if (!rightsOf(user).operates) return <NotAllowedPage />;
  return known === undefined ? <NotFoundPage /> : <PresenceSetup part={known} />;
}

function PresenceSetup({ part }: { readonly part: Part }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const navigate = useNavigate();
  const { data, error, refetch } = useQuery({
    queryKey: queryKeys.campuses,
    queryFn: ({ signal }) => readCampuses(api, signal),
    staleTime: 10 * 60_000,
  });
  return (
    <>
      <PageHeader title={t('presenceSetup.title')} lead={t('presenceSetup.lead')} />
      <Tabs
        value={part}
        onChange={(value) => void navigate(`/presence-setup/${value ?? 'rooms'}`)}
        keepMounted={false}
      >
        <Tabs.List aria-label={t('presenceSetup.parts')} mb="md">
          {PARTS.map((value) => {
            const Icon = ICONS[value];
            return (
              <Tabs.Tab key={value} value={value} leftSection={<Icon size={16} aria-hidden />}>
                {t(`presenceSetup.${value}`)}
              </Tabs.Tab>
            );
          })}
        </Tabs.List>
        <Tabs.Panel value={part}>
          {data !== undefined ? (
            <Panel part={part} campuses={data} />
          ) : error === null ? (
            <LoadingCards count={3} />
          ) : (
            <LoadFailed error={error} onRetry={() => void refetch()} />
          )}
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

interface PanelProps {
  readonly part: Part;
  readonly campuses: readonly Campus[];
}

function Panel({ part, campuses }: PanelProps) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<string | null>(null);
  const campus = campuses.find(({ id }) => id === chosen) ?? campuses[0];
  if (part === 'settings') return <SettingsPanel campuses={campuses} />;
  if (!campus) return <NotFoundPage />;
  return (
    <>
      {campuses.length < 2 ? null : (
        <Select
          label={t('presenceSetup.campus')}
          mb="md"
          maw={360}
          allowDeselect={false}
          value={campus.id}
          onChange={setChosen}
          data={campuses.map(({ id, code, name }) => ({ value: id, label: `${code} · ${name}` }))}
        />
      )}
      {part === 'rooms' ? (
        <RoomsPanel key={campus.id} campus={campus.id} />
      ) : (
        <NetworksPanel key={campus.id} campus={campus.id} />
      )}
    </>
  );
}

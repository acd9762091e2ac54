/** Starts the dashboard: builds the shared parts once and draws the first screen. */
import '@mantine/core/styles.css';
import '@mantine/dates/styles.css';
import '@mantine/notifications/styles.css';
import '@fontsource-variable/inter/index.css';
import './styles/global.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createApiClient } from './api/client.ts';
import { App } from './app.tsx';
import { createSignIn } from './auth/sign-in.ts';
import { createLive } from './live/live-socket.ts';
import { createSavedScans } from './scan/saved-scans.ts';
import { shareNonce } from './style-nonce.ts';
import { setUpTexts } from './texts/set-up-texts.ts';

shareNonce();
await setUpTexts();

const signIn = createSignIn();
const parts = {
  signIn,
  api: createApiClient(signIn),
  live: createLive(signIn),
  scans: createSavedScans(),
};
void signIn.resume();

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no element #root');
createRoot(root).render(
  <StrictMode>
    <App parts={parts} />
  </StrictMode>,
);

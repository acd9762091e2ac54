/** The whole dashboard: look, data cache, sign-in, pages. */
import { MantineProvider } from '@mantine/core';
import { DatesProvider } from '@mantine/dates';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { RouterProvider } from 'react-router/dom';
import { createQueryClient } from './api/query-client.ts';
import { AppContext, useSignInState, type AppParts } from './app-context.ts';
import { SignInPage } from './auth/sign-in-page.tsx';
import { StartingPage } from './auth/starting-page.tsx';
import { createRouter } from './routes.tsx';
import { styleNonce } from './style-nonce.ts';
import { cssVariables, theme } from './theme.ts';

/** Everything under one roof. */
export function App({ parts }: { readonly parts: AppParts }) {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
    >
      <DatesProvider settings={{ firstDayOfWeek: 1 }}>
        <Notifications position="top-center" limit={4} />
        <AppContext value={parts}>
          <Entrance />
        </AppContext>
      </DatesProvider>
    </MantineProvider>
  );
}

function Entrance() {
  const state = useSignInState();
  switch (state.status) {
    case 'starting':
    case 'away':
      return <StartingPage isAway={state.status === 'away'} />;
    case 'signed_out':
      return <SignInPage why={state.why} />;
    case 'signed_in':
      // Another person means another cache and fresh pages: nothing of the one before remains.
      return <Workspace key={state.user.id} />;
    default:
      return state satisfies never;
  }
}

function Workspace() {
  const [queryClient] = useState(createQueryClient);
  const [router] = useState(createRouter);
  useEffect(
    () => () => {
      queryClient.clear();
      router.dispose();
    },
    [queryClient, router],
  );
  return (
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}

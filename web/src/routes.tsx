/** The pages by address. Each page is its own file of the build, fetched when first opened. */
import { createBrowserRouter, Navigate, type RouteObject } from 'react-router';
import { StartingPage } from './auth/starting-page.tsx';
import { Frame } from './shell/frame.tsx';
import { NotFoundPage } from './shell/not-found-page.tsx';
import { BrokenPage } from './shell/broken-page.tsx';

const pages: RouteObject[] = [
  { index: true, element: <Navigate to="/sessions" replace /> },
  {
    path: 'sessions',
    lazy: async () => ({ Component: (await import('./sessions/sessions-page.tsx')).SessionsPage }),
  },
  {
    path: 'sessions/:session',
    lazy: async () => ({
      Component: (await import('./roll-call/roll-call-page.tsx')).RollCallPage,
    }),
  },
  {
    path: 'sessions/:session/scan',
    lazy: async () => ({ Component: (await import('./scan/scan-page.tsx')).ScanPage }),
  },
  {
    path: 'my-attendance',
    lazy: async () => ({
      Component: (await import('./my-attendance/my-attendance-page.tsx')).MyAttendancePage,
    }),
  },
  {
    path: 'my-requests',
    lazy: async () => ({
      Component: (await import('./requests/my-requests-page.tsx')).MyRequestsPage,
    }),
  },
  {
    path: 'my-devices',
    lazy: async () => ({
      Component: (await import('./device/my-devices-page.tsx')).MyDevicesPage,
    }),
  },
  {
    path: 'approvals',
    lazy: async () => ({ Component: (await import('./inbox/inbox-page.tsx')).InboxPage }),
  },
  {
    path: 'conflicts',
    lazy: async () => ({
      Component: (await import('./conflicts/conflicts-page.tsx')).ConflictsPage,
    }),
  },
  {
    path: 'statistics',
    lazy: async () => ({
      Component: (await import('./statistics/course-statistics-page.tsx')).CourseStatisticsPage,
    }),
  },
  {
    path: 'eligibility',
    lazy: async () => ({
      Component: (await import('./reports/eligibility-page.tsx')).EligibilityPage,
    }),
  },
  {
    path: 'presence-setup/:part?',
    lazy: async () => ({
      Component: (await import('./presence-setup/presence-setup-page.tsx')).PresenceSetupPage,
    }),
  },
  {
    path: 'integrity',
    lazy: async () => ({
      Component: (await import('./integrity/integrity-page.tsx')).IntegrityPage,
    }),
  },
  { path: '*', element: <NotFoundPage /> },
];

/** Shown until the file of the first page is here. */
const FetchingPage = () => <StartingPage isAway={false} />;

/** Makes the router of one sign-in. */
export function createRouter() {
  return createBrowserRouter([
    {
      path: '/',
      element: <Frame />,
      errorElement: <BrokenPage />,
      HydrateFallback: FetchingPage,
      children: pages,
    },
    {
      // The screen of a room shows its code and nothing of the dashboard.
      path: '/sessions/:session/code',
      errorElement: <BrokenPage />,
      HydrateFallback: FetchingPage,
      lazy: async () => ({ Component: (await import('./display/display-page.tsx')).DisplayPage }),
    },
  ]);
}

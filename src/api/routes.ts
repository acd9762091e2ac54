/** Every route of the product, collected from the folders; each folder adds its one line. */
import type { ApiDeps } from './api-deps.ts';
import { academicsRoutes } from './academics/routes.ts';
import { adminRoutes } from './admin/routes.ts';
import { authRoutes } from './auth/routes.ts';
import { conflictRoutes } from './conflicts/routes.ts';
import { correctionRoutes } from './correction/routes.ts';
import { deviceRoutes } from './devices/routes.ts';
import { rebindRoutes } from './devices/rebind-routes.ts';
import { docsRoutes } from './docs/routes.ts';
import { enrolmentRoutes } from './enrolments/routes.ts';
import { healthRoutes } from './health/routes.ts';
import { leaveRoutes } from './leave/routes.ts';
import { meRoutes } from './me/routes.ts';
import { notificationRoutes } from './notifications/routes.ts';
import { presenceRoutes } from './presence/routes.ts';
import { recordRoutes } from './records/routes.ts';
import type { Route } from './route.ts';
import { selfEntryRoutes } from './self-entries/routes.ts';
import { sessionRoutes } from './sessions/routes.ts';
import { settingRoutes } from './settings/routes.ts';
import { statisticsRoutes } from './statistics/routes.ts';
import { syncRoutes } from './sync/routes.ts';
import { unlockRoutes } from './unlocks/routes.ts';

/** All routes. Paths are whole paths from the root. */
export function allRoutes(deps: ApiDeps): Route[] {
  const routes: Route[] = [
    // Express asks them one after the other: those of a rush come first.
    ...presenceRoutes(deps),
    ...authRoutes(deps),
    ...meRoutes(deps),
    ...notificationRoutes(),
    ...healthRoutes(deps),
    ...adminRoutes(),
    ...settingRoutes(),
    ...academicsRoutes(),
    ...enrolmentRoutes(),
    ...deviceRoutes(),
    ...rebindRoutes(),
    ...sessionRoutes(deps),
    ...recordRoutes(),
    ...conflictRoutes(),
    ...syncRoutes(deps),
    ...leaveRoutes(deps),
    ...correctionRoutes(deps),
    ...selfEntryRoutes(deps),
    ...unlockRoutes(deps),
    ...statisticsRoutes(),
  ];
  return [...routes, ...docsRoutes(deps, routes)];
}

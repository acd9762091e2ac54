/** The routes of presence: displays, tickets and scans. */
import type { ApiDeps } from '../api-deps.ts';
import type { Route } from '../route.ts';
import { controlRoutes } from './control-routes.ts';
import { generateQr } from './display-routes.ts';
import { integrity } from './integrity-routes.ts';
import { placeRoutes } from './place-routes.ts';
import { qrScan, scanTicket } from './scan-routes.ts';

/** The presence routes. */
export function presenceRoutes(deps: ApiDeps): Route[] {
  const { presence } = deps;
  return [
    generateQr(presence),
    scanTicket(deps),
    qrScan(deps, presence),
    ...controlRoutes(),
    ...placeRoutes(),
    integrity,
  ];
}

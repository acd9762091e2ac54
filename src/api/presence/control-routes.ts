/** Routes of the controls that need no hardware: head counts, re-checks, exit scans. */
import { systemDice } from '../../security/system-dice.ts';
import { z } from 'zod';
import { appError } from '../../domain/errors.ts';
import {
  countHeads,
  listHeadCounts,
  type HeadCount,
} from '../../operations/presence/count-heads.ts';
import {
  readRecheck,
  recheckOf,
  startRecheck,
  type RecheckView,
} from '../../operations/presence/recheck-session.ts';
import { readExitScan, startExitScan } from '../../operations/presence/start-exit-scan.ts';
import { markingRank } from '../../operations/records/mark-records.ts';
import { idParams } from '../fields.ts';
import { markScope } from '../records/mark-scope.ts';
import { authorize, route, type Route } from '../route.ts';
import {
  exitScanReply,
  headCountBody,
  headCountReply,
  headCountsReply,
  ownRecheckReply,
  recheckReply,
} from './control-schema.ts';
import { STAFF_REFUSALS } from './display-routes.ts';

const BASE = '/api/v1/attendance/sessions/:id';
const TAG = 'Presence';

/** The routes of counts, re-checks and exit scans. */
export function controlRoutes(): Route[] {
  return [addHeadCount, headCounts, beginRecheck, recheck, ownRecheck, exitScan, beginExitScan];
}

const addHeadCount = route({
  method: 'post',
  path: `${BASE}/head-counts`,
  summary: 'Enter the heads you see; it changes no mark by itself',
  tag: TAG,
  access: authorize('mark_attendance'),
  params: idParams,
  body: headCountBody,
  replies: { 201: headCountReply },
  errors: ['not_found', 'not_staff', 'state_conflict'],
  handler: async ({ params, body, principal, operation }) => {
    const input = { sessionId: params.id, heads: body.heads };
    const count = await countHeads(operation, markScope(principal), input);
    return { status: 201, body: presentCount(count) };
  },
});

const headCounts = route({
  method: 'get',
  path: `${BASE}/head-counts`,
  summary: 'Read the head counts of a class, the latest first',
  tag: TAG,
  access: authorize('mark_attendance'),
  params: idParams,
  replies: { 200: headCountsReply },
  errors: ['not_found', 'not_staff'],
  handler: async ({ params, principal, operation }) => {
    await markingRank(operation.em, markScope(principal), params.id);
    const counts = await listHeadCounts(operation.em, params.id);
    return { status: 200, body: { results: counts.map(presentCount) } };
  },
});

const beginRecheck = route({
  method: 'post',
  path: `${BASE}/recheck`,
  summary: 'Draw students at random who must scan again within three minutes',
  tag: TAG,
  access: authorize('mark_attendance'),
  params: idParams,
  replies: { 201: recheckReply },
  errors: [...STAFF_REFUSALS, 'qr_disabled', 'state_conflict'],
  handler: async ({ params, principal, operation }) => {
    const view = await startRecheck(operation, markScope(principal), params.id, systemDice);
    return { status: 201, body: presentRecheck(view) };
  },
});

const recheck = route({
  method: 'get',
  path: `${BASE}/recheck`,
  summary: 'Read how the re-check of a class stands',
  tag: TAG,
  access: authorize('mark_attendance'),
  params: idParams,
  replies: { 200: recheckReply },
  errors: ['not_found', 'not_staff'],
  handler: async ({ params, principal, operation }) => {
    await markingRank(operation.em, markScope(principal), params.id);
    return { status: 200, body: presentRecheck(await readRecheck(operation.em, params.id)) };
  },
});

const ownRecheck = route({
  method: 'get',
  path: `${BASE}/my-recheck`,
  summary: 'Read whether you are asked to scan again in this class',
  tag: TAG,
  access: authorize('mark_attendance'),
  params: idParams,
  replies: { 200: ownRecheckReply },
  errors: ['student_not_accepted'],
  handler: async ({ params, principal, operation }) => {
    if (!principal.studentId) {
      throw appError('student_not_accepted', 'Only a student is asked to scan again.');
    }
    const asked = await recheckOf(operation.em, params.id, principal.studentId);
    return {
      status: 200,
      body: {
        scan_again_until: asked?.until ?? null,
        remaining_ms: asked?.remainingMs ?? 0,
      },
    };
  },
});

const exitScan = route({
  method: 'get',
  path: `${BASE}/exit-scan`,
  summary: 'Read whether the exit scan of a class may start or runs',
  tag: TAG,
  access: authorize('mark_attendance'),
  params: idParams,
  replies: { 200: exitScanReply },
  errors: ['not_found', 'not_staff'],
  handler: async ({ params, principal, operation }) => {
    await markingRank(operation.em, markScope(principal), params.id);
    const view = await readExitScan(operation.em, params.id);
    return {
      status: 200,
      body: {
        stay_counts: view.stayCounts,
        starts_at: view.startsAt,
        starts_in_ms: view.startsInMs,
        started_at: view.startedAt,
      },
    };
  },
});

const beginExitScan = route({
  method: 'post',
  path: `${BASE}/exit-scan`,
  summary: 'Show exit codes in the last 15 minutes of a class whose stay counts',
  tag: TAG,
  access: authorize('mark_attendance'),
  params: idParams,
  replies: { 204: z.undefined() },
  errors: [...STAFF_REFUSALS, 'qr_disabled', 'state_conflict'],
  handler: async ({ params, principal, operation }) => {
    await startExitScan(operation, markScope(principal), params.id);
    return { status: 204 };
  },
});

function presentCount(count: HeadCount): z.input<typeof headCountReply> {
  return {
    id: count.id,
    heads: count.heads,
    marked: count.marked,
    tolerance: count.tolerance,
    outcome: count.outcome,
    counted_by: {
      id: count.countedBy.id,
      first_name: count.countedBy.firstName,
      last_name: count.countedBy.lastName,
    },
    counted_at: count.countedAt,
  };
}

function presentRecheck(view: RecheckView | null): z.input<typeof recheckReply> {
  return {
    status: view?.status ?? 'none',
    started_at: view?.startedAt ?? null,
    ends_at: view?.endsAt ?? null,
    remaining_ms: view?.remainingMs ?? 0,
    picked: view?.picked ?? 0,
    passed: view?.passed ?? 0,
    missed: view?.missed ?? 0,
  };
}

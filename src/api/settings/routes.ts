/** Routes of settings: what there is, what is stored where, change and removal. */
import { z } from 'zod';
import { rows } from '../../db/orm.ts';
import { appError } from '../../domain/errors.ts';
import {
  isSettingName,
  SETTINGS,
  type LegalValues,
  type SettingName,
} from '../../domain/settings.ts';
import { SETTING_SCOPES, type SettingScope } from '../../domain/types.ts';
import { changeSetting } from '../../operations/settings/change-setting.ts';
import { textField } from '../fields.ts';
import { authorize, route, type Route } from '../route.ts';

const BASE = '/api/v1/settings';
const TAG = 'Settings';

const value = z.union([z.number(), z.boolean(), z.string().max(200), z.null()]);
const place = {
  scope_kind: z.enum(SETTING_SCOPES).default('institution'),
  scope_id: z.string().max(100).default(''),
};
const nameParams = z.strictObject({ name: z.string().min(1).max(100) });

const settingsReply = z.strictObject({
  settings: z.array(
    z.strictObject({
      name: z.string(),
      description: z.string(),
      default: value,
      values: z.looseObject({ type: z.string() }),
      stored: z.array(
        z.strictObject({ scope_kind: z.enum(SETTING_SCOPES), scope_id: z.string(), value }),
      ),
    }),
  ),
});

const changedReply = z.strictObject({ sessions_changed: z.number().int() });

/** The settings routes. */
export function settingRoutes(): Route[] {
  return [list, change, remove];
}

const list = route({
  method: 'get',
  path: BASE,
  summary: 'List every setting with its meaning, its legal values and where it is set',
  tag: TAG,
  access: authorize('operate'),
  replies: { 200: settingsReply },
  errors: [],
  handler: async ({ operation }) => {
    const stored = await rows<{
      name: string;
      scope_kind: SettingScope;
      scope_id: string;
      value: number | string | boolean | null;
    }>(
      operation.em,
      'select name, scope_kind, scope_id, value from setting order by name, scope_kind, scope_id',
    );
    const settings = Object.entries(SETTINGS).map(([name, setting]) => ({
      name,
      description: setting.description,
      default: setting.default,
      values: { ...(setting.values satisfies LegalValues) },
      stored: stored
        .filter((row) => row.name === name)
        .map(({ scope_kind, scope_id, value: held }) => ({ scope_kind, scope_id, value: held })),
    }));
    return { status: 200, body: { settings } };
  },
});

const change = route({
  method: 'put',
  path: `${BASE}/:name`,
  summary: 'Set a setting somewhere; sessions that have not opened follow at once',
  tag: TAG,
  access: authorize('operate'),
  params: nameParams,
  body: z.strictObject({ ...place, value, reason: textField.optional() }),
  replies: { 200: changedReply },
  errors: ['not_found'],
  handler: async ({ params, body, operation }) => {
    const { sessionsChanged } = await changeSetting(
      operation,
      { name: nameOf(params.name), scopeKind: body.scope_kind, scopeId: body.scope_id },
      body.value,
      body.reason,
    );
    return { status: 200, body: { sessions_changed: sessionsChanged } };
  },
});

const remove = route({
  method: 'delete',
  path: `${BASE}/:name`,
  summary: 'Remove a setting from a place; the wider place, or the default, holds again',
  tag: TAG,
  access: authorize('operate'),
  params: nameParams,
  query: z.strictObject({ ...place, reason: textField.optional() }),
  replies: { 200: changedReply },
  errors: ['not_found'],
  handler: async ({ params, query, operation }) => {
    const { sessionsChanged } = await changeSetting(
      operation,
      { name: nameOf(params.name), scopeKind: query.scope_kind, scopeId: query.scope_id },
      undefined,
      query.reason,
    );
    return { status: 200, body: { sessions_changed: sessionsChanged } };
  },
});

function nameOf(name: string): SettingName {
  if (isSettingName(name)) return name;
  throw appError('not_found', 'There is no setting of this name; GET settings/ lists all.');
}

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  DefaultLogger,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import {
  historyFromText,
  readHistories,
  textsOf,
  type History,
  type RecordedHistory,
} from '../../../test/histories.ts';
import { quietRuntime } from '../../../test/temporal.ts';
import { loadWorkflowBundle } from '../../workers/workflow-bundle.ts';
import { WORKFLOWS } from '../contract.ts';

const recorded = readHistories();
let code: string;

beforeAll(async () => {
  quietRuntime();
  const settings = { temporalCodecKeys: undefined };
  const bundle = await loadWorkflowBundle(settings, new DefaultLogger('ERROR'));
  code = (bundle as WorkflowBundleWithSourceMap).code;
});

// Nothing else of this file ends the SDK's threads.
afterAll(() => Runtime.instance().shutdown());

/** Replays histories on a bundle; gives the names of those that broke, with their error's name. */
async function replay(
  histories: readonly { readonly name: string; readonly history: History }[],
  bundleCode = code,
): Promise<string[]> {
  const broken: string[] = [];
  const results = Worker.runReplayHistories(
    { workflowBundle: { code: bundleCode } },
    histories.map(({ name, history }) => ({ workflowId: name, history })),
  );
  for await (const { workflowId, error } of results) {
    if (error) broken.push(`${workflowId}: ${error.name}`);
  }
  return broken;
}

const named = ({ type, name, text }: RecordedHistory) => ({
  name: `${type}/${name}`,
  history: historyFromText(text),
});
const ofTypes = (...types: string[]) =>
  recorded.filter(({ type }) => types.includes(type)).map(named);

/** The bundle with one piece changed; the piece must be there once. */
function changed(piece: RegExp, change: string): string {
  expect(code.match(new RegExp(piece, 'g'))).toHaveLength(1);
  return code.replace(piece, change);
}

/** One activity call of each workflow doubled, swapped with its neighbour or replaced. */
const CHANGES: readonly (readonly [string, string, RegExp, string])[] = [
  [
    'a session that reads its row twice',
    WORKFLOWS.session,
    /view = (await \S+\.reads\.loadSession\(input\.sessionId\));/,
    'view = $1; view = $1;',
  ],
  ...[WORKFLOWS.leave, WORKFLOWS.correction, WORKFLOWS.selfEntry, WORKFLOWS.caseApproval].map(
    (type) =>
      [
        `a ${type} that asks for its ladder before its row`,
        type,
        /view = (await \S+\.reads\.)loadCase\(kind, caseId\);\s+if \(view.status === 'pending'\)/,
        'ladder = $1ladderInstants(kind, caseId); view = $1loadCase(kind, caseId); if (false)',
      ] as const,
  ),
  [
    'a plan that calls another activity',
    WORKFLOWS.dayPlan,
    /const { startSessions } =/,
    'const { reconcileRuns: startSessions } =',
  ],
  [
    'a pass that calls another activity',
    WORKFLOWS.reconcile,
    /\.reconcileRuns\(\)/,
    '.startSessions()',
  ],
  [
    'daily notices that call another activity',
    WORKFLOWS.dailyNotices,
    /\.writeConflictDigests\(\)/,
    '.startSessions()',
  ],
  [
    'a presence pass that calls another activity',
    WORKFLOWS.presencePass,
    /\.keepPresence\(\)/,
    '.startSessions()',
  ],
];

describe('recorded histories', () => {
  it('has at least one history of every workflow type', () => {
    const types = new Set(recorded.map(({ type }) => type));

    expect([...types].toSorted()).toEqual(Object.values(WORKFLOWS).toSorted());
    expect(recorded.length).toBeGreaterThanOrEqual(35);
  });

  it('replays every history on the workflows of today', async () => {
    const broken = await replay(recorded.map(named));

    expect(broken).toEqual([]);
  });

  it.each(CHANGES)('control: %s does not replay', async (_name, type, piece, change) => {
    const histories = ofTypes(type);

    const broken = await replay(histories, changed(piece, change));

    expect(broken).toEqual(histories.map(({ name }) => `${name}: DeterminismViolationError`));
  });

  it.each(Object.values(WORKFLOWS))(
    'control: a history of %s in which an activity has another name does not replay',
    async (type) => {
      const histories = ofTypes(type).map(({ name, history }) => ({
        name,
        history: withActivityRenamed(history),
      }));

      const broken = await replay(histories);

      expect(broken).toEqual(histories.map(({ name }) => `${name}: DeterminismViolationError`));
    },
  );
});

function withActivityRenamed(history: History): History {
  const scheduled = history.events?.find((event) => event.activityTaskScheduledEventAttributes);
  const attributes = scheduled?.activityTaskScheduledEventAttributes;
  if (!attributes) throw new Error('a history without an activity');
  attributes.activityType = { name: 'somethingElse' };
  return history;
}

/** What must never be in a history: addresses, phone and roll numbers, coordinates. */
const PERSONAL = [
  /[\w.+-]+@[\w-]+\.\w+/,
  /\+91[ -]?\d{5}/,
  /\b\d{2}[A-Z]{2,4}\d{2,}\b/,
  /"(first_?name|last_?name|email|phone|roll_?number|reason|latitude|longitude)"/i,
];

const personalIn = (text: string): string[] =>
  textsOf(JSON.parse(text)).filter((each) => PERSONAL.some((pattern) => pattern.test(each)));

describe('the texts of recorded histories', () => {
  it.each(recorded.map((each) => [`${each.type}/${each.name}`, each.text]))(
    'of %s hold nothing personal and no machine',
    (_name, text) => {
      expect(personalIn(text)).toEqual([]);
      expect(text).not.toMatch(/"identity": "(?!recorder)/);
    },
  );

  it.each([
    ['an address', 'asha.rao@demo.campus'],
    ['a telephone number', '+91 98450 12345'],
    ['a roll number', '24CS017'],
    ['a name', '{"firstName":"Asha"}'],
  ])('control: finds %s inside a payload', (_name, planted) => {
    const data = Buffer.from(planted).toString('base64');

    expect(personalIn(JSON.stringify({ payloads: [{ data }] }))).toEqual([planted]);
  });
});

/** The built dashboard before a real API and sockets, and Chromium to look at it. */
import chromium from '@sparticuz/chromium';
import { fileURLToPath } from 'node:url';
import {
  chromium as playwright,
  type Browser,
  type BrowserContext,
  type Page,
} from 'playwright-core';
import { buildDashboard } from '../../src/cli/start/dashboard.ts';
import { createSockets } from '../../src/realtime/create-sockets.ts';
import { startTestApi, type TestApi } from '../api.ts';
import { directWorkflows } from '../direct-workflows.ts';
import { TEST_PASSWORD } from '../factories.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Flags that would switch off what a real browser enforces, and the single process, in which the
 * end of one person's window would end all.
 */
const UNWANTED = [
  '--disable-web-security',
  '--allow-running-insecure-content',
  '--single-process',
  '--no-zygote',
];

/** Common windows: a laptop and a phone. */
export const LAPTOP = { width: 1366, height: 768 };
export const PHONE = { width: 390, height: 844 };

/** A person before the dashboard. */
export interface Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the browser complained about, as one line each. */
  readonly complaints: string[];
}

/** The dashboard in a browser. */
export interface TestDashboard {
  readonly api: TestApi;
  /** Opens a browser of its own and signs in through the form. */
  visit(email: string, path: string, viewport?: typeof LAPTOP): Promise<Visitor>;
  close(): Promise<void>;
}

/**
 * Builds the dashboard if its sources changed, serves it, starts Chromium.
 * @param flags      more of its command line, for example a camera
 * @param variables  more of the API's environment
 */
export async function startDashboard(
  flags: readonly string[] = [],
  variables: Readonly<Record<string, string>> = {},
): Promise<TestDashboard> {
  await buildDashboard(PROJECT);
  const browser = await startBrowser(flags);
  const workflows = directWorkflows();
  try {
    const api = await startTestApi({
      workflows,
      attach: createSockets,
      variables: { RATE_LIMIT_SCALE: '50', ...variables },
    });
    workflows.connect(api.deps);
    return {
      api,
      visit: (email, path, viewport = LAPTOP) => visit(browser, api, { email, path, viewport }),
      async close() {
        await browser.close();
        await api.close();
      },
    };
  } catch (error) {
    await browser.close();
    throw error;
  }
}

/** Chromium of the npm package on Linux, the installed Chrome elsewhere. */
async function startBrowser(flags: readonly string[]): Promise<Browser> {
  if (process.platform !== 'linux') {
    return playwright.launch({ channel: 'chrome', args: [...flags] });
  }
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    args: [...chromium.args.filter((flag) => !UNWANTED.includes(flag)), ...flags],
    headless: true,
  });
}

interface Visit {
  readonly email: string;
  readonly path: string;
  readonly viewport: typeof LAPTOP;
}

async function visit(browser: Browser, api: TestApi, { email, path, viewport }: Visit) {
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce' });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${api.baseUrl}${path}`);
  await page.getByLabel('Email or campus ID').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(TEST_PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByTestId('live-status').and(page.locator('[data-status="live"]')).waitFor();
  return { context, page, complaints };
}

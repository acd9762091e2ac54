/** The built dashboard before a real API and sockets, and Chromium to look at it. */
import chromium from '@sparticuz/chromium';
import { readFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  chromium as playwright,
  type Browser,
  type BrowserContext,
  type Page,
} from 'playwright-core';
import { buildDashboard } from '../../src/cli/start/dashboard.ts';
import { cached, cacheFolder } from '../../src/provision/cache.ts';
import { createSockets } from '../../src/realtime/create-sockets.ts';
import { startTestApi, type TestApi } from '../api.ts';
import { directWorkflows } from '../direct-workflows.ts';
import { TEST_PASSWORD } from '../factories.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Flags that would switch off what a real browser enforces, the single process, in which the end of
 * one person's window would end all, and a graphics card made of software: drawing without one is
 * cheaper.
 */
const UNWANTED = [
  '--disable-web-security',
  '--allow-running-insecure-content',
  '--single-process',
  '--no-zygote',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
  '--in-process-gpu',
];
/** What the page keeps to know that it may continue a sign-in; once a window, so that it can end. */
const CONTINUES_SIGN_IN = `if (sessionStorage.getItem('seen') === null) {
  sessionStorage.setItem('seen', '1');
  localStorage.setItem('campshub360.signed-in', '1');
}`;

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
  /** Opens a browser of its own that continues a sign-in of a moment ago. */
  visit(email: string, path: string, viewport?: typeof LAPTOP): Promise<Visitor>;
  /** The same through the form, which costs a second more. */
  visitByForm(email: string, path: string, viewport?: typeof LAPTOP): Promise<Visitor>;
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
      async visit(email, path, viewport = LAPTOP) {
        const visitor = await openWindow(browser, viewport);
        const { page, context } = visitor;
        const body = { email, password: TEST_PASSWORD, client: 'browser' };
        const login = `${api.baseUrl}/api/v1/auth/login`;
        const reply = await context.request.post(login, { data: body });
        if (!reply.ok()) throw new Error(`sign-in of ${email}: ${reply.status()}`);
        await context.addInitScript(CONTINUES_SIGN_IN);
        await page.goto(`${api.baseUrl}${path}`, { waitUntil: 'commit' });
        await isLive(page);
        return visitor;
      },
      async visitByForm(email, path, viewport = LAPTOP) {
        const visitor = await openWindow(browser, viewport);
        const { page } = visitor;
        await page.goto(`${api.baseUrl}${path}`);
        await fillSignIn(page, email);
        await isLive(page);
        return visitor;
      },
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
    executablePath: await unpackedChromium(),
    args: [...chromium.args.filter((flag) => !UNWANTED.includes(flag)), '--disable-gpu', ...flags],
    headless: true,
  });
}

/** The program, unpacked once for all runs of this version. */
async function unpackedChromium(): Promise<string> {
  const description = join(PROJECT, 'node_modules', '@sparticuz', 'chromium', 'package.json');
  const { version } = JSON.parse(readFileSync(description, 'utf8')) as { version: string };
  return cached(cacheFolder(PROJECT), `chromium-${version}`, async (path) =>
    copyFile(await chromium.executablePath(), path),
  );
}

async function openWindow(browser: Browser, viewport: typeof LAPTOP): Promise<Visitor> {
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce' });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return { context, page, complaints };
}

/** Fills the form and sends it. */
export async function fillSignIn(page: Page, email: string): Promise<void> {
  await page.getByLabel('Email or campus ID').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(TEST_PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

const isLive = (page: Page): Promise<void> =>
  page.getByTestId('live-status').and(page.locator('[data-status="live"]')).waitFor();

/**
 * Headless Chromium for tests of pages, from the npm package that carries it (Linux x64). A page fails its test when it logs an
 * error, throws, or asks any host for anything.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import type { TestContext } from 'node:test';
import chromium from '@sparticuz/chromium';
import { type Browser, type BrowserContextOptions, type Page, chromium as playwright } from 'playwright-core';

export const BROWSER_RUNS = process.platform === 'linux' && process.arch === 'x64';
export const skipsBrowser = BROWSER_RUNS ? false : 'headless Chromium comes for Linux x64 alone';

/** A camera that shows a made picture, and is allowed without a question. */
const MADE_CAMERA = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

let opened: Promise<Browser> | undefined;

/** One browser for the tests of a file. The arguments that the package proposes turn web security off. */
function browser(): Promise<Browser> {
  opened ??= chromium
    .executablePath()
    .then((executablePath) =>
      playwright.launch({ executablePath, args: ['--no-sandbox', ...MADE_CAMERA], headless: true }),
    );
  return opened;
}

export async function closeBrowser(): Promise<void> {
  await (await opened)?.close();
  opened = undefined;
}

export interface Watched {
  readonly page: Page;
  /** Console errors and warnings, exceptions, requests to hosts: empty is good. */
  readonly faults: string[];
}

/**
 * A page in a context of its own, closed at the end of the test, which fails if there were faults.
 * @param own the origin of a server of the test's own, which may be asked
 */
export async function watchedPage(t: TestContext, options: BrowserContextOptions = {}, own?: string): Promise<Watched> {
  const context = await (await browser()).newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`thrown: ${error.message}`));
  page.on('request', (request) => {
    const url = request.url();
    if (!/^(?:file|data|blob):/.test(url) && !(own !== undefined && url.startsWith(`${own}/`)))
      faults.push(`asked ${url}`);
  });
  t.after(async () => {
    await context.close();
    assert.deepEqual(faults, []);
  });
  return { page, faults };
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What axe-core finds wrong for keyboard, screen reader and contrast, one line each. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // The page's own policy forbids foreign scripts; evaluated ones come through the debugger.
  const source = (await import('node:fs/promises')).readFile(axe, 'utf8');
  await page.evaluate(await source);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: AxeFault[] }> } };
    interface AxeFault {
      id: string;
      nodes: { html: string; failureSummary: string }[];
    }
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}: ${node.failureSummary}`));
  });
}

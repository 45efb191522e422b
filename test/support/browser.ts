import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';

/** How a page is looked at. */
export interface Look {
  readonly colours?: 'light' | 'dark';
  /** Pixels. */
  readonly width?: number;
}

/**
 * Starts the distribution's Chromium.
 *
 * @throws when it is not installed.
 */
export async function startBrowser(): Promise<Browser> {
  const executablePath = programOnPath('chromium');
  if (executablePath === undefined)
    throw new Error('chromium is missing: scripts/install-test-tools.sh installs it');
  return chromium.launch({
    executablePath,
    // As root, which containers often are, its sandbox does not work; elsewhere it stays.
    chromiumSandbox: process.getuid?.() !== 0,
    args: ['--disable-dev-shm-usage'],
  });
}

/** Opens a file in a window of its own, which is closed with the test; fails the test when the page does what it must not. */
export async function openFile(browser: Browser, path: string, look: Look = {}): Promise<Page> {
  const { colours = 'light', width = 1280 } = look;
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: colours,
  });
  const page = await context.newPage();
  const offences: string[] = [];
  const address = pathToFileURL(path).href;
  page.on('request', (request) => {
    if (request.url().split('#')[0] !== address) offences.push(`asked for ${request.url()}`);
  });
  page.on('pageerror', (error) => offences.push(String(error.stack)));
  page.on('console', (message) => offences.push(`${message.type()}: ${message.text()}`));
  onTestFinished(async () => {
    await context.close();
    expect(offences).toEqual([]);
  });
  await page.goto(address);
  await page.locator('#tasks').waitFor();
  return page;
}

function programOnPath(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DemoProcess, startDemo } from '../../scripts/demo/testing/demo-process.ts';
import { openBrowser, openPage } from './browser.ts';

let browser: Browser;
let demo: DemoProcess;

beforeAll(async () => {
  browser = await openBrowser();
});

afterAll(async () => {
  demo?.child.kill('SIGINT');
  await demo?.exited;
  await browser?.close();
});

it('shows a release of real processes as it runs, to its end, without being reloaded', async () => {
  demo = startDemo(['--quick', '--only', 'bad-latency', '--stay']);
  await demo.says('a new version on each at once');
  const address = /the dashboard: (\S+)/.exec(demo.text())?.[1] ?? '';
  const { page, problems } = await openPage(browser, `${address}releases/shop/bad-latency`);
  await page.locator('#live[data-state=live]').waitFor();
  await page.locator('canvas').first().waitFor();
  await page.getByText('Rejected').first().waitFor();
  expect(await page.locator('#main').innerText()).toMatch(/requests take over \d+ ms/);
  expect(await problems()).toEqual([]);
});

import { mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { openBrowser, openPage } from './browser.ts';
import { openStage, type Stage } from './stage.ts';

/** `npm run dashboard:pictures`: the pictures of docs/guides/dashboard.md, made anew. */

const folder = resolve(import.meta.dirname, '../../docs/images');
const mostBytes = 150_000;

const looks = {
  light: { colorScheme: 'light', viewport: { width: 1180, height: 1220 } },
  dark: { colorScheme: 'dark', viewport: { width: 1180, height: 1220 } },
  phone: { colorScheme: 'light', viewport: { width: 360, height: 1400 } },
} as const;

async function take(browser: Browser, stage: Stage, name: string, path: string, lowest: number): Promise<void> {
  for (const [look, options] of Object.entries(looks)) {
    const { page, problems } = await openPage(browser, stage.url + path, options);
    await page.waitForTimeout(1500);
    const { height } = options.viewport;
    const content = await page.evaluate(() => Math.ceil(document.body.getBoundingClientRect().bottom));
    await page.setViewportSize({ ...options.viewport, height: Math.min(height, Math.max(lowest, content)) });
    const file = join(folder, `dashboard-${name}-${look}.png`);
    await page.screenshot({ path: file });
    const { size } = statSync(file);
    console.log(`${file}  ${Math.round(size / 1000)} kB`);
    const wrong = await problems();
    if (wrong.length > 0 || size > mostBytes) throw new Error([...wrong, `${size} bytes`].join('; '));
    await page.context().close();
  }
}

async function main(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const browser = await openBrowser();
  const stage = await openStage();
  try {
    await stage.clock.advance(60_000);
    await take(browser, stage, 'list', '', 500);
    await take(browser, stage, 'release', 'releases/shop/checkout', 900);
    const { revision = '' } = stage.status('shop/cart')?.ledger?.[0] ?? {};
    await take(browser, stage, 'past', `releases/shop/cart/${revision}`, 900);
  } finally {
    await browser.close();
    await stage.close();
  }
}

await main();

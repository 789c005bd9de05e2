import { writeFileSync } from 'node:fs';
import { auditPage } from './audit.ts';
import { openBrowser, openPage } from './browser.ts';

/**
 * `tsx test/dashboard/look.ts URL PICTURE`: looks at the page of a release that runs, for the end-to-end suite. Prints as
 * JSON how its figures went on by themselves, what was wrong, and writes a picture.
 */
export interface Look {
  /** The verdict with its figures, at first and when it had changed without a reload. */
  before: string;
  after: string;
  plots: number;
  /** Messages, failed or foreign requests, violations of the page's policy, and what the audit found. */
  problems: string[];
}

async function look(url: string, picture: string): Promise<Look> {
  const browser = await openBrowser();
  try {
    const { page, problems } = await openPage(browser, url);
    // What tsx adds to keep the names of functions, which the audit is made of.
    await page.evaluate('globalThis.__name = (one) => one');
    await page.locator('#live[data-state=live]').waitFor({ timeout: 60_000 });
    await page.locator('canvas').first().waitFor({ timeout: 60_000 });
    const shown = (): Promise<string> => page.locator('#verdict').evaluate(({ textContent }) => textContent ?? '');
    const before = await shown();
    await page.waitForFunction((text) => document.querySelector('#verdict')?.textContent !== text, before, {
      timeout: 60_000,
    });
    const after = await shown();
    writeFileSync(picture, await page.screenshot({ fullPage: true }));
    const plots = await page.locator('figure.plot').count();
    return { before, after, plots, problems: [...(await problems()), ...(await page.evaluate(auditPage))] };
  } finally {
    await browser.close();
  }
}

const [url = '', picture = ''] = process.argv.slice(2);
console.log(JSON.stringify(await look(url, picture)));

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditPage } from './audit.ts';
import { openBrowser, openPage, type Watched } from './browser.ts';
import { openStage, type Stage } from './stage.ts';

let browser: Browser;
let stage: Stage;
let pause: () => Promise<void>;

beforeAll(async () => {
  browser = await openBrowser();
  stage = await openStage();
  pause = stage.play(5);
});

afterAll(async () => {
  await browser?.close();
  await stage?.close();
});

const pages = ['', 'namespaces/shop', 'releases/shop/checkout', 'releases/shop/cart', 'releases/payments/ledger'];

async function isLive(page: Page): Promise<void> {
  await page.locator('#live[data-state=live]').waitFor();
}

/** Presses Tab until the element has the focus. */
async function tabTo(page: Page, selector: string, most = 40): Promise<void> {
  for (let pressed = 0; pressed < most; pressed += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) === true, selector)) return;
  }
  throw new Error(`${selector} is not reached by ${most} tabs`);
}

/** Pixels of a canvas that have about the colour of a custom property. */
function countPixels(name: string): number {
  const wanted = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const probe = document.createElement('canvas');
  const context = probe.getContext('2d', { willReadFrequently: true });
  if (context === null) return 0;
  context.fillStyle = wanted;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  let count = 0;
  for (const canvas of document.querySelectorAll('canvas')) {
    Object.assign(probe, { width: canvas.width, height: canvas.height });
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < data.length; at += 4) {
      const [r = 0, g = 0, b = 0, opaque = 0] = data.subarray(at, at + 4);
      if (opaque > 200 && Math.abs(r - red) + Math.abs(g - green) + Math.abs(b - blue) < 12) count += 1;
    }
  }
  return count;
}

describe('a release that runs', () => {
  it('is drawn for every metric, in the colours of the page, and goes on by itself', async () => {
    const { page, problems } = await openPage(browser, `${stage.url}releases/search/suggest`);
    await isLive(page);
    await page.locator('canvas').first().waitFor();
    const figures = await page.locator('figure.plot').count();
    expect(figures).toBeGreaterThanOrEqual(7);
    expect(await page.locator('canvas').count()).toBe(2 * figures);
    for (const colour of ['--stable', '--canary', '--limit'])
      expect([colour, await page.evaluate(countPixels, colour)]).toSatisfy(
        ([, count]: [string, number]) => count > 100,
      );

    const figure = page.locator('figure[data-metric=latency-p95]');
    await figure.locator('summary').click();
    const before = await figure.locator('tbody th').first().innerText();
    await page.waitForFunction(
      (text) => document.querySelector('figure[data-metric=latency-p95] tbody th')?.textContent !== text,
      before,
      { timeout: 15_000 },
    );
    const label = await figure.locator('.values').getAttribute('aria-label');
    expect(label).toMatch(/^Latency p95 of stable and canary over time\. Last: stable \d.*ms, canary \d.*ms/);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.waitForTimeout(300);
    expect(await page.evaluate(countPixels, '--canary')).toBeGreaterThan(100);
    expect(await problems()).toEqual([]);
    await page.context().close();
  });

  it('tells the end at once: title, verdict, a word for the screen reader, and the plots stay', async () => {
    const { page } = await openPage(browser, `${stage.url}releases/shop/checkout`);
    await isLive(page);
    await page.locator('canvas').first().waitFor();
    await pause();
    await stage.until('shop/checkout', ({ phase }) => phase === 'Rejected', 1200);
    pause = stage.play(5);
    await page.waitForFunction(() => document.title.startsWith('checkout: Rejected'));
    expect(await page.locator('#announce').textContent()).toBe('checkout is Rejected, verdict Regression');
    expect(await page.locator('#announce').getAttribute('aria-live')).toBe('polite');
    expect(await page.locator('#verdict').innerText()).toContain('Regression');
    await page.locator('canvas').first().waitFor();
    await expect.poll(() => page.evaluate(countPixels, '--bad'), { timeout: 20_000 }).toBeGreaterThan(50);
    expect(await page.locator('#history').innerText()).toContain('RolledBack');
    await page.context().close();
  });

  it('says when the connection is lost, and finds it again', async () => {
    const { page } = await openPage(browser, stage.url);
    await isLive(page);
    await stage.without(async () => {
      await page.locator('#live[data-state=lost]').waitFor();
      expect(await page.locator('#live').textContent()).toBe('connection lost, trying again');
    });
    await isLive(page);
    await page.context().close();
  });
});

/** In both schemes, on a desk and on a phone. */
async function isClean({ page, problems }: Watched): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [1280, 360]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      const red = await page.evaluate(() =>
        Number(/\d+/.exec(getComputedStyle(document.documentElement).backgroundColor)?.[0]),
      );
      expect(colorScheme === 'dark' ? red < 60 : red > 200).toBe(true);
      expect([colorScheme, width, await page.evaluate(auditPage)]).toEqual([colorScheme, width, []]);
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect([width, over]).toEqual([width, 0]);
    }
  expect(await problems()).toEqual([]);
}

describe('every page', () => {
  it.each(pages)('/%s is clean, readable and fits, in light and dark, on a desk and on a phone', async (path) => {
    const watched = await openPage(browser, stage.url + path);
    await isLive(watched.page);
    await isClean(watched);
    await watched.page.context().close();
  });

  it('and so is a past release, which the history leads to', async () => {
    const watched = await openPage(browser, `${stage.url}releases/shop/cart`);
    const { page } = watched;
    await page.locator('#history a').first().click();
    await page.waitForURL(/releases\/shop\/cart\/[0-9a-f]{32}\.\d+$/);
    await page.locator('canvas').first().waitFor();
    expect(await page.locator('h1').innerText()).toBe('cart:3.9.0');
    expect(await page.locator('#live').innerText()).toBe('a past release');
    expect(await page.evaluate(countPixels, '--bad')).toBeGreaterThan(50);
    await isClean(watched);
    await page.context().close();
  });

  it('tells all but the plots without script', async () => {
    const { page } = await openPage(browser, `${stage.url}releases/shop/cart`, { javaScriptEnabled: false });
    const text = await page.locator('main').innerText();
    for (const told of ['Regression', 'Error rate', 'RegressionFound', 'RolledBack', 'kubectl tandem retry cart'])
      expect(text).toContain(told);
    await page.context().close();
  });

  it('stands still for those who asked for less motion', async () => {
    const { page } = await openPage(browser, stage.url, { reducedMotion: 'reduce' });
    await isLive(page);
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
    await page.context().close();
  });

  it('has a policy that stops what would be slipped in', async () => {
    const { page, problems } = await openPage(browser, stage.url);
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'globalThis.slipped = true';
      document.body.append(script);
      document.body.insertAdjacentHTML(
        'beforeend',
        '<p style="color: red">x</p><img src="https://evil.example/x.png">',
      );
    });
    await page.waitForTimeout(300);
    expect(await page.evaluate(() => 'slipped' in globalThis)).toBe(false);
    expect((await problems()).join()).toMatch(/script-src[^]*style-src[^]*img-src/);
    await page.context().close();
  });
});

describe('by keyboard', () => {
  it('one comes from the list to a release, past the head, and back', async () => {
    const { page } = await openPage(browser, stage.url);
    await isLive(page);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
    expect(await page.locator('.skip').evaluate((link) => link.getBoundingClientRect().top)).toBeGreaterThanOrEqual(0);
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
    await tabTo(page, 'a[href="releases/shop/checkout"]');
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement ?? document.body).outlineStyle);
    expect(outline).toBe('solid');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/releases/shop/checkout');
    await tabTo(page, 'nav a');
    await page.keyboard.press('Enter');
    await page.waitForURL(stage.url);
    await page.context().close();
  });

  it('the list is filtered by name, and stays so while it goes on', async () => {
    const { page } = await openPage(browser, stage.url);
    await isLive(page);
    await tabTo(page, '#filter');
    await page.keyboard.type('PAY');
    expect(await page.locator('.releases tbody tr:visible').count()).toBe(2);
    expect(await page.locator('h2:visible').allInnerTexts()).toEqual(['payments']);
    await page.waitForTimeout(2500);
    expect(await page.locator('.releases tbody tr:visible').count()).toBe(2);
    await page.keyboard.press('Control+A');
    await page.keyboard.press('Delete');
    expect(await page.locator('.releases tbody tr:visible').count()).toBe(6);
    await page.context().close();
  });

  it('figures are opened, and stay open and focused while the page goes on', async () => {
    const { page } = await openPage(browser, `${stage.url}releases/shop/checkout`);
    await isLive(page);
    await tabTo(page, '#queries > summary', 80);
    await page.keyboard.press('Enter');
    const before = await page.locator('#comparisons').innerText();
    await page.waitForFunction((text) => document.querySelector('#comparisons')?.textContent !== text, before);
    await page.waitForTimeout(2500);
    expect(await page.locator('#queries').getAttribute('open')).not.toBeNull();
    expect(await page.evaluate(() => document.activeElement?.matches('#queries > summary'))).toBe(true);
    await page.context().close();
  });
});

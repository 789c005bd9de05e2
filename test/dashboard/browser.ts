import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Debian's Chromium. Throws with the command that installs it. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM'] || places.find((path) => existsSync(path));
  if (executablePath === undefined)
    throw new Error(
      'there is no Chromium: apt-get install -y --no-install-recommends chromium, or name one in the variable CHROMIUM',
    );
  // Its sandbox does not work as root, and nothing but our own pages is opened.
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}

/** A page, and what went wrong in it so far: messages, failed or foreign requests, violations of the policy. */
export interface Watched {
  page: Page;
  problems(): Promise<string[]>;
}

export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const found: string[] = [];
  const origin = new URL(url).origin;
  page.on('console', (message) => void (message.type() !== 'debug' && found.push(`console: ${message.text()}`)));
  page.on('pageerror', (error) => void found.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) found.push(`foreign request: ${request.url()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) found.push(`${response.status()}: ${response.url()}`);
  });
  if (options.javaScriptEnabled !== false)
    await page.addInitScript(() => {
      const list: string[] = [];
      Object.assign(globalThis, { violations: list });
      document.addEventListener('securitypolicyviolation', (event) =>
        list.push(`${event.violatedDirective}: ${event.blockedURI}`),
      );
    });
  await page.goto(url);
  return {
    page,
    async problems() {
      const violations = await page.evaluate(() => (globalThis as { violations?: string[] }).violations ?? []);
      return [...found, ...violations];
    },
  };
}

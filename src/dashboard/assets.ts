import { createHash } from 'node:crypto';
import { bundleClient } from './bundle-client.ts';

export interface Asset {
  /** Below the root; it changes with the content. */
  path: string;
  body: string;
  contentType: string;
}

export interface Assets {
  script: Asset;
  style: Asset;
  icon: Asset;
}

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><g fill="none" stroke-width="3.5"><circle cx="10" cy="18" r="6.5" stroke="#2f6fd6"/><circle cx="22" cy="18" r="6.5" stroke="#c2570c"/><path d="M10 18h12" stroke="#888"/></g></svg>`;

/** What the pages load, by names that may be cached for ever. */
export async function loadAssets(): Promise<Assets> {
  const { script, style } = await bundleClient();
  return {
    script: assetOf('dashboard', 'js', script, 'text/javascript; charset=utf-8'),
    style: assetOf('dashboard', 'css', style, 'text/css; charset=utf-8'),
    icon: assetOf('icon', 'svg', icon, 'image/svg+xml'),
  };
}

function assetOf(name: string, ending: string, body: string, contentType: string): Asset {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
  return { path: `assets/${name}-${hash}.${ending}`, body, contentType };
}

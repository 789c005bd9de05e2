import { createHash } from 'node:crypto';
import { Html, html } from '../../lib/html.ts';

/** One page as it is now: a frame that seldom changes, and regions in it that do. */
export interface Page {
  title: string;
  /** From the page to the root of the dashboard: '' or '../'... */
  root: string;
  /** What a screen reader is told when it changes. */
  announce: string;
  /** Content of <main>. */
  main: Html;
  /** Content of what changes, by id. All of it is in `main` too. */
  regions: ReadonlyMap<string, string>;
  /** Changes when `main` has other parts, so that replacing regions is not enough. */
  frame: string;
  /** Path of the updates below the root; undefined: the page never changes. */
  live: string | undefined;
}

export interface Regions {
  /** An element whose content is replaced when it changes. */
  region(tag: string, id: string, content: Html, attributes?: Html): Html;
  page(page: Omit<Page, 'regions' | 'frame'>): Page;
}

export function createRegions(): Regions {
  const regions = new Map<string, string>();
  return {
    region(tag, id, content, attributes = new Html('')) {
      regions.set(id, content.text);
      return html`<${new Html(tag)} id="${id}" data-region ${attributes}>${content}</${new Html(tag)}>`;
    },
    page: (page) => ({ ...page, regions, frame: digest([...regions.keys()].join('\n')) }),
  };
}

/** Of anything, short. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}

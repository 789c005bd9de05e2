import { Html, html } from '../../lib/html.ts';
import type { Page } from './page.ts';

export interface Chrome {
  /** Paths of script, styles and icon below the root. */
  script: string;
  style: string;
  icon: string;
  version: string;
  /** Says that this replica does not lead. */
  standby: Html | undefined;
}

/** The whole document of a page. */
export function documentOf(page: Page, { script, style, icon, version, standby }: Chrome): Html {
  const { root, title, live } = page;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" type="image/svg+xml" href="${root}${icon}">
<link rel="stylesheet" href="${root}${style}">
<script type="module" src="${root}${script}"></script>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="${root}./"><svg viewBox="0 0 28 16" aria-hidden="true" focusable="false"><circle cx="7" cy="9" r="5.5"/><circle cx="21" cy="9" r="5.5"/><path d="M7 9h14"/></svg>Tandem</a>
<p class="live" id="live" data-state="off">${live === undefined ? 'a past release' : 'as of this load'}</p>
</header>
<p class="sr" role="status" aria-live="polite" id="announce"></p>
${standby === undefined ? '' : html`<p class="standby" role="note">${standby}</p>`}
<main id="main" tabindex="-1" data-frame="${page.frame}" ${
    live === undefined ? '' : new Html(`data-live="${html`${root}${live}`.text}"`)
  } data-announce="${page.announce}">${page.main}</main>
<footer><p>Tandem ${version}. Read-only: releases are changed with <code>kubectl tandem</code>, as the rights of each person allow.</p></footer>
</body>
</html>
`;
}

import type { Update } from '../hub.ts';
import { type PlotData, withDelta } from '../plot-data.ts';
import { describe, figures } from '../view/plots.ts';
import { createFigure, type Figure } from './figure.ts';

export interface Plots {
  /** Looks for plots in the page as it is now. */
  mount(): void;
  update(course: NonNullable<Update['course']>): void;
}

/** Draws the figures of the page and keeps their data current. */
export function createPlots(): Plots {
  let data: PlotData | undefined;
  let figuresShown: Figure[] = [];
  let loading: AbortController | undefined;

  function mount(): void {
    for (const figure of figuresShown) figure.destroy();
    figuresShown = [];
    const section = document.querySelector<HTMLElement>('#plots');
    if (section === null) return;
    figuresShown = [...section.querySelectorAll<HTMLElement>('.plot')].map(createFigure);
    if (data !== undefined && data.version === section.dataset['version']) draw();
    else void load();
  }

  async function load(): Promise<void> {
    const path = document.querySelector<HTMLElement>('#plots')?.dataset['course'];
    if (path === undefined) return;
    loading?.abort();
    loading = new AbortController();
    try {
      const response = await fetch(path, { signal: loading.signal });
      if (!response.ok) return;
      data = (await response.json()) as PlotData;
      draw();
    } catch {
      // Aborted by a newer one, or the connection is lost: the next update asks again.
    }
  }

  function update(course: NonNullable<Update['course']>): void {
    if (data?.version === course.to) return;
    const next = 'from' in course && data !== undefined ? withDelta(data, course) : undefined;
    if (next === undefined) return void load();
    data = next;
    draw();
  }

  function draw(): void {
    if (data === undefined) return;
    for (const figure of figuresShown) {
      const metric = data.metrics.find(({ name }) => name === figure.name);
      if (metric === undefined) continue;
      figure.draw(metric, data.foundAt);
      figure.describe(describe(metric, data.foundAt), () => figures(metric).text);
    }
  }

  // Lines are drawn in the colours of the page.
  for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)'])
    matchMedia(query).addEventListener('change', () => {
      for (const figure of figuresShown) figure.reset();
      draw();
    });
  return { mount, update };
}

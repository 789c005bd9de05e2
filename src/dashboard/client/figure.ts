import uPlot from 'uplot';
import type { PlotMetric } from '../plot-data.ts';
import { differenceOptions, valueOptions } from './options.ts';

/** The two plots of one metric: the values of both tracks, and their difference with its interval. */
export interface Figure {
  name: string;
  draw(metric: PlotMetric, foundAt: number | null): void;
  describe(text: string, rows: () => string): void;
  /** Makes the plots anew at the next drawing. */
  reset(): void;
  destroy(): void;
}

/** What the drawing functions read; it changes with every update. */
export interface Current {
  metric: PlotMetric | undefined;
  foundAt: number | null;
}

export function createFigure(element: HTMLElement): Figure {
  const name = element.dataset['metric'] ?? '';
  const current: Current = { metric: undefined, foundAt: null };
  const [values, difference] = [...element.querySelectorAll<HTMLElement>('.canvas')];
  let made: { plot: uPlot; host: HTMLElement }[] = [];
  let rows: () => string = () => '';

  function make(): void {
    if (values === undefined || difference === undefined) return;
    const sync = `metric-${name}`;
    made = [
      { plot: new uPlot(valueOptions(current, values, sync), emptyData(4), values), host: values },
      { plot: new uPlot(differenceOptions(current, difference, sync), emptyData(5), difference), host: difference },
    ];
  }

  function draw(metric: PlotMetric, foundAt: number | null): void {
    current.metric = metric;
    current.foundAt = foundAt;
    if (made.length === 0) make();
    const { at, stable, canary, difference: differences, lower, upper } = metric.columns;
    const seconds = at.map((milliseconds) => milliseconds / 1000);
    const limit = at.map((_, index) => limitOf(stable[index] ?? null, metric.limit));
    const limits = at.map(() => metric.limit);
    made[0]?.plot.setData([seconds, stable, canary, limit]);
    made[1]?.plot.setData([seconds, differences, limits, lower, upper]);
  }

  function destroy(): void {
    for (const { plot } of made) plot.destroy();
    made = [];
  }

  const watcher = new ResizeObserver(() => {
    for (const { plot, host } of made)
      if (host.clientWidth > 0) plot.setSize({ width: host.clientWidth, height: host.clientHeight });
  });
  for (const host of [values, difference]) if (host !== undefined) watcher.observe(host);
  const details = element.querySelector('details');
  const fill = (): void => {
    const area = details?.querySelector<HTMLElement>('.rows');
    if (details?.open === true && area !== null && area !== undefined) area.innerHTML = rows();
  };
  details?.addEventListener('toggle', fill);

  return {
    name,
    draw,
    describe(text, newRows) {
      rows = newRows;
      values?.setAttribute('aria-label', text);
      fill();
    },
    reset: destroy,
    destroy() {
      watcher.disconnect();
      destroy();
    },
  };
}

/** The value of the canary from which on it is more than tolerated. */
function limitOf(stable: number | null, limit: number | null): number | null {
  return stable === null || limit === null || stable === 0 ? null : stable * (1 + limit);
}

function emptyData(series: number): uPlot.AlignedData {
  return Array.from({ length: series }, () => []) as unknown as uPlot.AlignedData;
}

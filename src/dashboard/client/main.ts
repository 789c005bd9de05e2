import { startFilter } from './filter.ts';
import { follow } from './live.ts';
import { createPlots } from './plots.ts';
import { startTimes } from './times.ts';

const main = document.querySelector<HTMLElement>('#main');
if (main !== null) {
  const plots = createPlots();
  const times = startTimes();
  const refresh = (): void => {
    startFilter();
    plots.mount();
    times.write();
  };
  refresh();
  follow(main, {
    onContent: refresh,
    onRegions: () => times.write(),
    onCourse: (course) => plots.update(course),
  });
}

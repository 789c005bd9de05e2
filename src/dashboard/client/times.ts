import { formatAge } from '../../cli/format.ts';

/** Writes moments as a person reads them, and keeps ages current. Without script the page has them in UTC. */
export function startTimes(): { write(): void } {
  const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
  const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

  function write(): void {
    const now = Date.now();
    for (const element of document.querySelectorAll<HTMLTimeElement>('time[data-as]')) {
      const at = Date.parse(element.dateTime);
      const text = textOf(at, now, element.dataset['as'] ?? '');
      if (element.textContent !== text) element.textContent = text;
      element.title = element.dateTime;
    }
  }

  function textOf(at: number, now: number, how: string): string {
    if (how === 'age') return formatAge(now - at);
    if (how === 'left') return at > now ? `in ${formatAge(at - now)}` : 'now';
    return Math.abs(now - at) < 20 * 3_600_000 ? clock.format(at) : day.format(at);
  }

  setInterval(() => {
    if (document.visibilityState === 'visible') write();
  }, 1000);
  return { write };
}

/**
 * Replaces what an element holds by HTML of the server, which has escaped all texts in it. What a person has opened stays
 * open, and the focus stays where it was.
 */
export function replaceContent(element: HTMLElement, content: string): void {
  const open = new Set([...element.querySelectorAll('details[open]')].map(({ id }) => id));
  const scrolled = new Map([...element.querySelectorAll('.scroll')].map(({ id, scrollLeft }) => [id, scrollLeft]));
  const focus = pathOfFocus(element);
  element.innerHTML = content;
  for (const details of element.querySelectorAll('details')) if (open.has(details.id)) details.open = true;
  for (const area of element.querySelectorAll('.scroll')) area.scrollLeft = scrolled.get(area.id) ?? 0;
  focus?.()?.focus({ preventScroll: true });
}

const focusable = 'a[href], button, input, summary, [tabindex]';

/** How to find the focused element again: by its id, else by its place. */
function pathOfFocus(element: HTMLElement): (() => HTMLElement | null | undefined) | undefined {
  const active = document.activeElement;
  if (!(active instanceof HTMLElement) || active === element || !element.contains(active)) return undefined;
  const { id } = active;
  if (id !== '') return () => document.getElementById(id);
  const index = [...element.querySelectorAll(focusable)].indexOf(active);
  return () => element.querySelectorAll<HTMLElement>(focusable)[index];
}

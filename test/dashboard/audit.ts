/**
 * What assistive technology needs, looked at in the page itself. Runs in the browser, so that it may use nothing from
 * outside of the function. Answers with what is wrong.
 */
export function auditPage(): string[] {
  const wrong: string[] = [];
  const all = [...document.querySelectorAll<HTMLElement>('body *')];
  const nameOf = (element: Element): string => {
    const by = element.getAttribute('aria-labelledby');
    if (by !== null)
      return by
        .split(' ')
        .map((id) => document.getElementById(id)?.textContent ?? '')
        .join(' ')
        .trim();
    const labels = element instanceof HTMLInputElement ? [...(element.labels ?? [])] : [];
    return (
      element.getAttribute('aria-label') ??
      (labels.map(({ textContent }) => textContent).join(' ') || (element.textContent ?? ''))
    ).trim();
  };
  const told = (element: Element): string => element.outerHTML.slice(0, 120);

  if (document.documentElement.lang === '') wrong.push('the document has no language');
  if (document.title === '') wrong.push('the document has no title');
  for (const landmark of ['header', 'main', 'footer'])
    if (document.querySelectorAll(landmark).length !== 1) wrong.push(`not one ${landmark}`);

  const levels = [...document.querySelectorAll('h1, h2, h3, h4')].map(({ tagName }) => Number(tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) wrong.push('not one h1');
  for (const [index, level] of levels.entries())
    if (level > (levels[index - 1] ?? 0) + 1) wrong.push(`a heading of level ${level} after ${levels[index - 1]}`);

  const ids = all.flatMap(({ id }) => (id === '' ? [] : [id]));
  for (const id of ids) if (ids.filter((one) => one === id).length > 1) wrong.push(`the id ${id} twice`);

  for (const element of all) {
    if (element.matches('a, button, summary, input, [role=img], [role=region], table[role]') && nameOf(element) === '')
      wrong.push(`no name: ${told(element)}`);
    if (element.matches('th') && !element.hasAttribute('scope')) wrong.push(`no scope: ${told(element)}`);
    if (element.matches('svg') && element.getAttribute('aria-hidden') !== 'true')
      wrong.push(`a picture that is read aloud without words: ${told(element)}`);
    if (element.matches('ul > :not(li), ol > :not(li)')) wrong.push(`no item of a list: ${told(element)}`);
    if (element.tabIndex > 0) wrong.push(`an order of its own: ${told(element)}`);
    for (const attribute of ['aria-labelledby', 'aria-describedby'])
      for (const id of element.getAttribute(attribute)?.split(' ') ?? [])
        if (document.getElementById(id) === null) wrong.push(`${attribute} names nothing: ${told(element)}`);
    if (element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX === 'auto')
      if (element.tabIndex < 0) wrong.push(`scrolls, but not by keyboard: ${told(element)}`);
  }

  const contrastOf = contrast();
  for (const element of all) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && (node.textContent ?? '').trim() !== '');
    if (!own || element.closest('svg, canvas, .sr') !== null || element.getClientRects().length === 0) continue;
    const ratio = contrastOf(element);
    if (ratio < 4.5) wrong.push(`contrast ${ratio.toFixed(2)}: ${told(element)}`);
  }
  return wrong;

  /** By the colours as they are computed, with what lies behind them. */
  function contrast(): (element: Element) => number {
    type Colour = [number, number, number, number];
    const parsed = (text: string): Colour => {
      const [r = 0, g = 0, b = 0, a = 1] = (text.match(/[\d.]+/g) ?? []).map(Number);
      return [r, g, b, a];
    };
    const over = ([r, g, b, a]: Colour, [r2, g2, b2]: Colour): Colour => [
      r * a + r2 * (1 - a),
      g * a + g2 * (1 - a),
      b * a + b2 * (1 - a),
      1,
    ];
    const behind = (element: Element | null): Colour => {
      if (element === null) return [255, 255, 255, 1];
      const colour = parsed(getComputedStyle(element).backgroundColor);
      return colour[3] === 1 ? colour : over(colour, behind(element.parentElement));
    };
    const opacity = (element: Element | null): number =>
      element === null ? 1 : Number(getComputedStyle(element).opacity) * opacity(element.parentElement);
    const light = ([r, g, b]: Colour): number => {
      const [x = 0, y = 0, z = 0] = [r, g, b].map((part) => {
        const value = part / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    return (element) => {
      const back = behind(element);
      const [r, g, b, a] = parsed(getComputedStyle(element).color);
      const text = over([r, g, b, a * opacity(element)], back);
      const [high, low] = [light(text), light(back)].toSorted((one, other) => other - one) as [number, number];
      return (high + 0.05) / (low + 0.05);
    };
  }
}

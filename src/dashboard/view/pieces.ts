import type { Phase } from '../../api/schema.ts';
import { Html, html, type Part } from '../../lib/html.ts';

/** How much something wants a person. Each has a shape and a word beside its colour. */
export type Tone = 'good' | 'bad' | 'notice' | 'busy' | 'quiet';

const shapes: Record<Tone, string> = {
  good: '<circle cx="8" cy="8" r="7"/><path d="m4.8 8.2 2.2 2.3 4.2-4.8"/>',
  bad: '<path d="M5.2 1h5.6L15 5.2v5.6L10.8 15H5.2L1 10.8V5.2z"/><path d="m5.7 5.7 4.6 4.6m0-4.6-4.6 4.6"/>',
  notice: '<path d="M8 1.3 15.2 14H.8z"/><path d="M8 6v4m0 1.7v.4"/>',
  busy: '<circle cx="8" cy="8" r="7"/><path d="M4.6 8h.1M8 8h.1m3.2 0h.1"/>',
  quiet: '<circle cx="8" cy="8" r="7"/><path d="M5 8h6"/>',
};

export function icon(tone: Tone): Html {
  return new Html(`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">${shapes[tone]}</svg>`);
}

export function badge(tone: Tone, text: Part): Html {
  return html`<span class="badge ${tone}">${icon(tone)}${text}</span>`;
}

export function toneOfPhase(phase: Phase | undefined): Tone {
  switch (phase) {
    case 'Idle':
      return 'quiet';
    case 'Rejected':
    case 'RollingBack':
    case 'Invalid':
      return 'bad';
    case 'Held':
    case 'Suspended':
      return 'notice';
    case undefined:
      return 'quiet';
    default:
      return 'busy';
  }
}

export function toneOfVerdict(verdict: string | undefined): Tone {
  if (verdict === 'Pass') return 'good';
  return verdict === 'Regression' ? 'bad' : 'busy';
}

export function verdictBadge(verdict: string | undefined): Html {
  return verdict === undefined || verdict === ''
    ? html`<span class="none">none</span>`
    : badge(toneOfVerdict(verdict), verdict);
}

/** A moment; the script in the page writes the age in its place. */
export function moment(at: string | undefined, how: 'age' | 'clock' | 'left' = 'clock'): Html {
  const milliseconds = Date.parse(at ?? '');
  if (Number.isNaN(milliseconds)) return html`<span class="none">\u2013</span>`;
  const iso = new Date(milliseconds).toISOString();
  return html`<time datetime="${iso}" data-as="${how}">${iso.slice(0, 19).replace('T', ' ')} UTC</time>`;
}

/** A table that scrolls by itself where the screen is narrow; it can be reached and scrolled by keyboard. */
export function table(label: string, head: Part[], rows: Part, kind = ''): Html {
  const id = `table-${label.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0" id="${id}"><table class="${kind}"><thead><tr>${head.map(
    (cell) => html`<th scope="col">${cell}</th>`,
  )}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

import type { Style } from './style.ts';

/** A phase in the colour of how much it wants a person. */
export function paintPhase(phase: string, style: Style): string {
  switch (phase) {
    case 'Idle':
      return style.good(phase);
    case 'Rejected':
    case 'Invalid':
    case 'RollingBack':
      return style.bad(phase);
    case 'Held':
    case 'Suspended':
      return style.notice(phase);
    default:
      return phase;
  }
}

export function paintVerdict(verdict: string | undefined, style: Style): string {
  switch (verdict) {
    case undefined:
    case '':
      return '-';
    case 'Pass':
      return style.good(verdict);
    case 'Regression':
      return style.bad(verdict);
    default:
      return verdict;
  }
}

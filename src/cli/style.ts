/** Text in colours, or plain where the reader is no terminal. */
export interface Style {
  /** Colours and block characters are wanted. */
  readonly rich: boolean;
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  notice(text: string): string;
}

function sgr(on: number, off: number): (text: string) => string {
  return (text) => (text === '' ? '' : `\u001b[${on}m${text}\u001b[${off}m`);
}

function same(text: string): string {
  return text;
}

export function createStyle(rich: boolean): Style {
  if (!rich) return { rich, bold: same, dim: same, good: same, bad: same, notice: same };
  return { rich, bold: sgr(1, 22), dim: sgr(2, 22), good: sgr(32, 39), bad: sgr(31, 39), notice: sgr(33, 39) };
}

export interface TerminalFacts {
  isTty: boolean;
  env: Record<string, string | undefined>;
}

/** Colours only for a terminal, and never against NO_COLOR (any value but an empty one) or TERM=dumb. */
export function wantsColor(terminal: TerminalFacts): boolean {
  const refused = (terminal.env['NO_COLOR'] ?? '') !== '' || terminal.env['TERM'] === 'dumb';
  return terminal.isTty && !refused;
}

import type { Style } from '../../src/cli/style.ts';
import { formatClock, frame, progressLine } from './render.ts';
import { isOver, type View } from './view.ts';

/** Where the demo shows itself. */
export interface Screen {
  /** A step that is done or begins; stays. */
  say(text: string): void;
  /** How all releases stand; called several times a second. */
  show(views: readonly View[]): void;
  /** Leaves the last frame where it is. */
  end(): void;
}

export interface ScreenOptions {
  write(text: string): void;
  /** Lines and columns to draw on; undefined: no terminal, only lines come out. */
  size: (() => { rows: number; columns: number }) | undefined;
  style: Style;
  /** Milliseconds since the demo began. */
  elapsed(): number;
  /** First line of a frame. */
  head: string;
}

/** Milliseconds between two lines about a release whose phase stays the same. */
const progressMs = 10_000;

export function createScreen(options: ScreenOptions): Screen {
  return options.size === undefined ? createLines(options) : createFrames(options, options.size);
}

/** Lines alone: each change of phase, the verdict, and progress now and then. */
function createLines({ write, style, elapsed }: ScreenOptions): Screen {
  const last = new Map<string, { phase: string; at: number }>();
  const say = (text: string): void => write(`${formatClock(elapsed()).padStart(5)}  ${text}\n`);
  return {
    say,
    show(views) {
      for (const view of views) {
        const { name } = view.scenario;
        const phase = isOver(view) ? 'over' : view.phase;
        const before = last.get(name);
        if (before === undefined && phase === 'Idle') continue;
        const due = phase !== 'over' && elapsed() - (before?.at ?? 0) >= progressMs;
        if (before?.phase === phase && !due) continue;
        last.set(name, { phase, at: elapsed() });
        if (phase === 'over') say(`${name}: ${view.entry?.outcome}: ${view.sentence}`);
        else say(progressLine(view, style));
      }
    },
    end: () => undefined,
  };
}

/** The escape sequences of style.ts. */
// oxlint-disable-next-line no-control-regex
const escapes = /\u001b\[\d+m/g;

/** The first `columns` columns of a line, its colours kept whole. */
export function cut(line: string, columns: number): string {
  const colours = line.match(escapes) ?? [];
  let left = columns;
  return line
    .split(escapes)
    .map((text, index) => {
      const kept = text.slice(0, left);
      left -= kept.length;
      return kept + (colours[index] ?? '');
    })
    .join('');
}

/** The same lines drawn over and over, below what was said before. */
function createFrames(
  { write, style, elapsed, head }: ScreenOptions,
  size: () => { rows: number; columns: number },
): Screen {
  let drawn = 0;
  let shown: readonly View[] = [];
  const back = (): string => (drawn === 0 ? '' : `\u001b[${drawn}A\u001b[J`);

  function draw(): string {
    const { rows, columns } = size();
    const lines = frame(shown, `${formatClock(elapsed())}  ${head}`, style, Math.max(1, rows - 1));
    const text = lines.map((line) => `${cut(line, columns)}\n`).join('');
    const result = back() + text;
    drawn = lines.length;
    return result;
  }

  return {
    say(text) {
      const line = `${formatClock(elapsed()).padStart(5)}  ${text}\n`;
      if (drawn === 0) return write(line);
      const above = back() + line;
      drawn = 0;
      write(above + draw());
    },
    show(views) {
      shown = views;
      write(draw());
    },
    end() {
      drawn = 0;
    },
  };
}

/** A line that a container wrote. */
export interface LogLine {
  /** Milliseconds since the epoch. */
  at: number;
  text: string;
}

/** The last lines of a container, as `kubectl logs` shows them. */
export interface LogBuffer {
  /** Text as it comes, cut anywhere. */
  write(chunk: string, at: number): void;
  /** The container has ended: what has no line end yet is the last line. */
  end(at: number): void;
  lines(): readonly LogLine[];
  readonly ended: boolean;
  /** Hears of each later line, and with undefined of the end. Returns how to stop. */
  follow(listener: (line: LogLine | undefined) => void): () => void;
}

const longestLine = 16_384;

/** Keeps the newest lines, `limit` characters in all; longer lines are cut in pieces. */
export function createLogBuffer(limit = 256 * 1024): LogBuffer {
  const kept: LogLine[] = [];
  const listeners = new Set<(line: LogLine | undefined) => void>();
  let size = 0;
  let rest = '';
  let ended = false;

  function add(text: string, at: number): void {
    const line = { at, text };
    kept.push(line);
    size += text.length;
    while (size > limit && kept.length > 1) size -= kept.shift()?.text.length ?? 0;
    for (const listener of listeners) listener(line);
  }

  return {
    write(chunk, at) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) add(line, at);
      for (; rest.length > longestLine; rest = rest.slice(longestLine)) add(rest.slice(0, longestLine), at);
    },
    end(at) {
      if (ended) return;
      if (rest !== '') add(rest, at);
      rest = '';
      ended = true;
      for (const listener of listeners) listener(undefined);
      listeners.clear();
    },
    lines: () => kept,
    get ended() {
      return ended;
    },
    follow(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

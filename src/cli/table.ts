// oxlint-disable-next-line no-control-regex -- the escape sequences of style.ts
const escapes = /\u001b\[\d+m/g;

/** Columns that the text takes on a terminal. */
function width(text: string): number {
  return text.replace(escapes, '').length;
}

/**
 * Rows under a header, columns separated by three spaces as kubectl does, the last column never padded. Cells may be
 * coloured. Columns named in `right` are aligned to the right.
 */
export function formatTable(header: string[], rows: string[][], right: string[] = []): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ''))));
  const lines = all.map((row) =>
    header
      .map((name, column) => {
        const cell = row[column] ?? '';
        const padding = ' '.repeat((widths[column] ?? 0) - width(cell));
        if (right.includes(name)) return padding + cell;
        return column === header.length - 1 ? cell : cell + padding;
      })
      .join('   ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** Every line moved to the right. */
export function indent(text: string, by = '  '): string {
  return text.replace(/^(?=.)/gm, by);
}

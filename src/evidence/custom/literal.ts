/** The text of a PromQL string literal, or what is wrong with it. */
export type Unquoted = { text: string } | { problem: string };

const simple: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/** Escapes as Prometheus reads them (Go's): one letter, \ooo, \xhh, \uhhhh, \Uhhhhhhhh. */
const escape =
  /\\(?:(?<letter>[abfnrtv\\"'])|(?<octal>[0-7]{3})|x(?<byte>[0-9a-fA-F]{2})|u(?<short>[0-9a-fA-F]{4})|U(?<long>[0-9a-fA-F]{8}))/y;

/**
 * Reads a literal in double quotes, single quotes or backticks as Prometheus does. Stricter than it: bytes above 7f have
 * to be written as \u, so that the text is the same whoever reads it.
 */
export function unquote(literal: string): Unquoted {
  const quote = literal[0];
  const body = literal.slice(1, -1);
  if (literal.length < 2 || literal.at(-1) !== quote) return { problem: 'the string is not closed' };
  if (quote === '`') return { text: body };
  let text = '';
  for (let at = 0; at < body.length; ) {
    const character = body[at] ?? '';
    if (character !== '\\') {
      text += character;
      at += 1;
      continue;
    }
    escape.lastIndex = at;
    const match = escape.exec(body);
    const decoded = match === null ? undefined : decode(match.groups ?? {});
    if (decoded === undefined) return { problem: `${body.slice(at, at + 4)} is no escape that is allowed here` };
    text += decoded;
    at = escape.lastIndex;
  }
  return { text };
}

function decode({ letter, octal, byte, short, long }: Record<string, string | undefined>): string | undefined {
  if (letter !== undefined) return simple[letter];
  const raw = octal === undefined ? byte : undefined;
  const code = octal === undefined ? Number.parseInt(raw ?? short ?? long ?? '', 16) : Number.parseInt(octal, 8);
  const isByte = octal !== undefined || raw !== undefined;
  if (isByte && code > 0x7f) return undefined;
  // Halves of a surrogate pair and what lies beyond Unicode are no characters.
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
  return String.fromCodePoint(code);
}

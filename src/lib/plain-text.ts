/**
 * A text in which nothing is an order to a terminal: control characters but line feeds and tabs, and halves of a pair,
 * become U+FFFD.
 */
export function plainText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}]/gu, (character) =>
    character === '\n' || character === '\t' ? character : '\ufffd',
  );
}

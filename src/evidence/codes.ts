/** Tells whether a status is an error; or what is wrong with the expressions. */
export type CompiledCodes = { ok: true; isError: (status: string) => boolean } | { ok: false; message: string };

const MAX_LENGTH = 100;

/**
 * Compiles `errors.codes`: a status is an error when one of the expressions matches all of it. Only expressions are
 * taken that cannot run for long, whoever wrote them: at most one of `* + ? {a,b}` and none after a group, no look
 * around, no reference back.
 */
export function compileCodes(codes: readonly string[]): CompiledCodes {
  const expressions: RegExp[] = [];
  for (const [index, code] of codes.entries()) {
    const problem = problemOf(code);
    if (problem !== undefined)
      return { ok: false, message: `errors.codes[${index}] ${JSON.stringify(code)} ${problem}` };
    expressions.push(new RegExp(`^(?:${code})$`));
  }
  const known = new Map<string, boolean>();
  const isError = (status: string): boolean => {
    const before = known.get(status);
    if (before !== undefined) return before;
    const answer = status.length <= MAX_LENGTH && expressions.some((expression) => expression.test(status));
    if (known.size < 1000) known.set(status, answer);
    return answer;
  };
  return { ok: true, isError };
}

function problemOf(code: string): string | undefined {
  if (code.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  if (/\(\?(?!:)|\\[1-9k]/.test(code)) return 'looks around or back; write it without';
  const plain = code
    .replaceAll(/\\.|\[[^\]]*\]/g, 'x')
    .replaceAll('(?:', '(')
    .replaceAll(/(?<!\))\{\d\}/g, '');
  const repeats = plain.match(/[*+?{]/g) ?? [];
  if (repeats.length > 1 || /\)[*+?{]/.test(plain)) {
    return 'repeats more than once, or repeats a group; write one expression per code';
  }
  try {
    new RegExp(code).test('');
    return undefined;
  } catch {
    return 'is no regular expression';
  }
}

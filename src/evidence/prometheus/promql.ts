/**
 * A PromQL string literal. Every value that is not our own constant goes through here.
 */
export function quote(value: string): string {
  const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `"${escaped}"`;
}

/** RE2 text that matches exactly this value. */
export function literal(value: string): string {
  return value.replaceAll(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`);
}

/** `label="value"`, or one regular expression that matches exactly the values. */
export function oneOf(label: string, values: readonly string[]): string {
  const [only] = values;
  if (values.length === 1 && only !== undefined) return `${label}=${quote(only)}`;
  return `${label}=~${quote(values.map(literal).join('|'))}`;
}

/** `metric{a="b",...}`; without a metric the braces alone. */
export function selector(metric: string | undefined, matchers: readonly string[]): string {
  return `${metric ?? ''}{${matchers.join(',')}}`;
}

/**
 * One request of a sequence, as data: it can be generated, shrunk, printed and kept. Texts may hold places that are filled
 * when it is sent: `<namespace>`, and of the object of its path `<uid>`, `<version now>`, `<version first>`; `<continue>`
 * and `<version list>` are of the last list.
 */
export interface Operation {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string>;
  /** Content-Type; JSON if absent. */
  type?: string;
  body?: unknown;
  /** PUT: the body is merged over the object as it is. */
  overCurrent?: boolean;
}

/** What a server answered. */
export interface Reply {
  status: number;
  warnings: string[];
  body: unknown;
}

/** What a server answered, without what differs from one run to the next. */
export interface Answer {
  status: number;
  /** How many warnings. */
  warnings: number;
  body: unknown;
}

/** How people read it. */
export function describeOperation({ method, path, query, type, body, overCurrent }: Operation): string {
  const options = new URLSearchParams(query).toString();
  const kind = type === undefined ? '' : ` (${type.replace('application/', '')})`;
  const over = overCurrent === true ? ' over what is there' : '';
  const sent = body === undefined ? '' : ` ${JSON.stringify(body)}`;
  return `${method} ${path}${options === '' ? '' : `?${options}`}${kind}${over}${sent}`;
}

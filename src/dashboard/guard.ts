import type { MiddlewareHandler } from 'hono';

/**
 * What a browser may do with a page: load script, styles and data from here, nothing else. No form, no frame, no inline
 * script or style.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const headers: Record<string, string> = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

/** Every answer carries the headers; only GET and HEAD are answered, and only to the names that the operator goes by. */
export function guard(hosts: readonly string[]): MiddlewareHandler {
  return async (context, next) => {
    const refused = refusal(context.req.method, context.req.header('host') ?? '', hosts, {
      site: context.req.header('sec-fetch-site'),
      mode: context.req.header('sec-fetch-mode'),
    });
    if (refused === undefined) await next();
    else context.res = context.text(`${refused.text}\n`, refused.status);
    for (const [name, value] of Object.entries(headers)) context.res.headers.set(name, value);
    if (refused?.status === 405) context.res.headers.set('allow', 'GET, HEAD');
    if (!context.res.headers.has('cache-control')) context.res.headers.set('cache-control', 'no-store');
  };
}

interface Refusal {
  status: 403 | 405 | 421;
  text: string;
}

function refusal(
  method: string,
  host: string,
  hosts: readonly string[],
  fetched: { site: string | undefined; mode: string | undefined },
): Refusal | undefined {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, text: 'the dashboard is read-only: GET and HEAD' };
  if (!isOwnHost(host, hosts))
    return {
      status: 421,
      text: `the dashboard does not go by the name ${JSON.stringify(host.slice(0, 300))}: add it to --dashboard-hosts`,
    };
  // A link from elsewhere is a navigation; anything else is another site's page that reads or holds connections.
  if (fetched.site === 'cross-site' && fetched.mode !== 'navigate')
    return { status: 403, text: 'not for pages of other sites' };
  return undefined;
}

/**
 * A page of anybody's on the web can have its own name resolve to 127.0.0.1 or to an address in the cluster, and read
 * there with the viewer's browser. So only names count that nobody else can own: addresses, localhost, Services of the
 * cluster, and what the operator was told.
 */
export function isOwnHost(header: string, hosts: readonly string[]): boolean {
  const host = header.toLowerCase().replace(/:\d{1,5}$/, '');
  if (hosts.includes('*') || hosts.includes(host)) return true;
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(host) || /^\[[0-9a-f:.]+\]$/.test(host)) return true;
  return (
    host === 'localhost' || /^[a-z0-9-]+$/.test(host) || /^[a-z0-9-]+\.[a-z0-9-]+(\.svc(\.cluster\.local)?)$/.test(host)
  );
}

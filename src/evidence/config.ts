import { z } from 'zod';
import { httpUrl } from '../lib/http-url.ts';

/**
 * One Prometheus-compatible server, from the operator's configuration. A CanaryRelease names it and nothing more:
 * addresses, headers, tenants and credentials stand only here.
 */
export const PrometheusSource = z.strictObject({
  name: z.string().min(1).max(63),
  /** With a path prefix where there is one: `https://mimir.example/prometheus`. */
  url: httpUrl('use basicAuth, whose password stands in a mounted file'),
  headers: z.record(z.string(), z.string()).optional(),
  /** Read at every request, so that a rotated token is used at once. */
  bearerTokenFile: z.string().min(1).optional(),
  basicAuth: z.strictObject({ username: z.string(), passwordFile: z.string().min(1) }).optional(),
  /** Sent as X-Scope-OrgID. */
  tenant: z.string().min(1).optional(),
  caFile: z.string().min(1).optional(),
  /** Sent with every query, as `dedup` and `partial_response` of Thanos. */
  parameters: z.record(z.string(), z.string()).optional(),
  timeoutSeconds: z.number().positive().max(300).default(15),
  /** Namespaces whose releases may use it; absent: all. */
  namespaces: z.array(z.string().min(1)).optional(),
});
export type PrometheusSource = z.infer<typeof PrometheusSource>;
/** As it may be written, before defaults. */
export type PrometheusSourceInput = z.input<typeof PrometheusSource>;

import { z } from 'zod';

/** Alerts that are taken from an Alertmanager, from the operator's configuration. Off where it says nothing. */
export const Alertmanager = z.strictObject({
  /** `HOST:PORT` or `:PORT` to listen on; the path is /alertmanager. */
  address: z.string().regex(/^[^\s:]*:\d{1,5}$/, 'must be HOST:PORT or :PORT'),
  /** A mounted file with the bearer token that the sender has to bring; read at each request. */
  tokenFile: z.string().min(1),
  /** Namespaces whose alerts count; absent: all. */
  namespaces: z.array(z.string().min(1)).optional(),
});
export type Alertmanager = z.infer<typeof Alertmanager>;

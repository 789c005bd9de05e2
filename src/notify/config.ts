import { z } from 'zod';
import { httpUrl } from '../lib/http-url.ts';
import { notificationKinds } from './notification.ts';

const shared = {
  /** For logs and metrics. */
  name: z.string().min(1).max(63),
  /** Namespaces whose releases are told of; absent: all. */
  namespaces: z.array(z.string().min(1)).optional(),
  /** What is told; absent: everything. */
  kinds: z.array(z.enum(notificationKinds)).min(1).optional(),
  timeoutSeconds: z.number().positive().max(60).default(10),
};

const url = httpUrl('receivers know the operator by secretFile or tokenFile');
/** A mounted file, read at each use, so that what was changed counts at once. */
const file = z.string().min(1);

const Webhook = z.strictObject({ type: z.literal('webhook'), ...shared, url, secretFile: file.optional() });
/** The address of a chat's webhook is its secret: it stands in a file. */
const Slack = z.strictObject({ type: z.literal('slack'), ...shared, urlFile: file });
const Teams = z.strictObject({ type: z.literal('teams'), ...shared, urlFile: file });
const GitHub = z.strictObject({
  type: z.literal('github'),
  ...shared,
  apiUrl: url.default('https://api.github.com'),
  repository: z.string().regex(/^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+$/, 'must be OWNER/NAME'),
  tokenFile: file,
  /** Name of the status in the list of a commit. */
  context: z.string().min(1).max(100).default('tandem'),
});

/** One receiver of notifications, from the operator's configuration. */
export const Receiver = z.discriminatedUnion('type', [Webhook, Slack, Teams, GitHub]);
export type Receiver = z.infer<typeof Receiver>;
export type GitHubReceiver = z.infer<typeof GitHub>;

import { z } from 'zod';
import { duration, type Rule, rules } from './fields.ts';

const variableName = (): z.ZodString =>
  z
    .string()
    .max(63)
    .regex(/^([A-Za-z_][A-Za-z0-9_]*)?$/, 'must be the name of an environment variable, or ""');

const sameVariable = 'track and version must be two different variables; "" leaves one out';

const env = z
  .object({
    track: variableName()
      .default('TANDEM_TRACK')
      .describe('Variable that holds the track, "canary" or "baseline". "" leaves it out.'),
    version: variableName()
      .default('TANDEM_VERSION')
      .describe('Variable that holds the first ten digits of the revision. "" leaves it out.'),
  })
  .prefault({})
  .describe(
    'Names of environment variables that tell the pods of a canary and of a baseline what they are, for metrics and logs. Set in every container. A name that any container of the template has already is left out and named in status.',
  )
  .refine(({ track, version }) => track === '' || track !== version, {
    path: ['version'],
    message: sameVariable,
  });

export const canary = z
  .object({
    percent: z
      .int()
      .min(1)
      .max(50)
      .exactOptional()
      .describe(
        "Pods of the canary in percent of the target's replicas, rounded up, at least one: 10 of 3 replicas is one pod, a quarter of the traffic. 10 when neither percent nor replicas is set.",
      ),
    replicas: z
      .int()
      .min(1)
      .max(1000)
      .exactOptional()
      .describe('Pods of the canary as a number. Set this or percent, not both.'),
    baseline: z
      .boolean()
      .default(false)
      .describe(
        "true: one fresh pod of the stable version starts together with the canary and is what latency, CPU and memory are compared with: for versions that need minutes to warm up. It takes traffic, and goes with the canary. When it cannot run, stable's own pods are the control, and status.warnings says so. A change counts from the next canary on.",
      ),
    startDeadline: duration({ min: '10s', max: '24h' })
      .default('5m')
      .describe(
        'The canary must be Ready within this time; later is a regression. For what stable would suffer just so (quota, no node, a registry that does not answer) it is the time after which the release is held.',
      ),
    env,
    quarantine: duration({ min: '0s', max: '24h' })
      .default('0s')
      .describe(
        'How long the pods of a rejected canary are kept for a look, out of the Service. "0s" deletes them at once.',
      ),
  })
  .prefault({})
  .describe('How the new version runs beside the stable one.')
  .meta(
    rules({
      rule: '!(has(self.percent) && has(self.replicas))',
      message: 'percent and replicas exclude each other: remove one of the two',
      fieldPath: '.replicas',
    }),
  )
  .refine(({ percent, replicas }) => percent === undefined || replicas === undefined, {
    path: ['replicas'],
    message: 'percent and replicas exclude each other: remove one of the two',
  });

/** Rules over fields with defaults stand at the spec: the API server checks the default {} of a section unfilled. */
export const canaryRules: Rule[] = [
  {
    rule: "self.canary.env.track == '' || self.canary.env.track != self.canary.env.version",
    message: sameVariable,
    fieldPath: '.canary.env.version',
  },
];

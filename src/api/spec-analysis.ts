import { z } from 'zod';
import { atomic, duration, isDuration, percentage, type Rule, riskPercentage, secondsOf } from './fields.ts';
import { anyCritical, custom } from './spec-custom.ts';

const enabled = (what: string): z.ZodDefault<z.ZodBoolean> => z.boolean().default(true).describe(`Judge ${what}.`);

const errors = z
  .object({
    enabled: enabled('errors'),
    tolerance: percentage().default('25%').describe("How much higher than stable's the canary's error rate may be."),
    newClasses: z
      .boolean()
      .default(true)
      .describe(
        'Also watch for classes of errors that stable does not have at all, which a small rise of the total would hide.',
      ),
    codes: z
      .array(
        z
          .string()
          .min(1)
          .max(64)
          .regex(
            /^[0-9A-Za-z_.|()[\]*+?^$\\-]+$/,
            'must be a regular expression without quotes and braces, such as "5.."',
          ),
      )
      .min(1)
      .max(10)
      .default(['5..'])
      .meta(atomic)
      .describe('Regular expressions of what counts as an error, matched against the whole status code of a response.'),
  })
  .prefault({})
  .describe('Errors: responses whose code matches codes, compared with stable by their rate and by their classes.');

const latency = z
  .object({
    enabled: enabled('latency'),
    quantiles: z
      .array(
        z
          .string()
          .max(8)
          .regex(/^(0|1)?\.[0-9]{1,6}$/, 'must be a number between 0 and 1 such as "0.95"'),
      )
      .min(1)
      .max(5)
      .default(['0.5', '0.95'])
      .meta(atomic)
      .describe('Quantiles of the duration of successful requests that are compared, as strings between 0 and 1.'),
    tolerance: percentage().default('20%').describe("How much slower than stable's a quantile may be."),
    absoluteTolerance: duration({ min: '0s', max: '10m' })
      .default('10ms')
      .describe(
        'A quantile may be slower by this much whatever the percentage is: 3 ms against 2 ms matters to nobody.',
      ),
    slowThreshold: duration({ min: '1ms', max: '1h', or: 'Auto' })
      .default('Auto')
      .describe(
        'Requests that take longer count as slow; their share is compared too. Auto: chosen from what stable does.',
      ),
  })
  .prefault({})
  .describe('Latency: quantiles of the duration of successful requests, compared with stable.');

/** Fields of its own for each place: descriptions belong to the schema object. */
const tolerated = (
  what: string,
  more: string,
): { enabled: z.ZodDefault<z.ZodBoolean>; tolerance: z.ZodDefault<z.ZodString> } => ({
  enabled: enabled(what),
  tolerance: percentage().default('20%').describe(more),
});

const deadlineMessage =
  'the deadline comes before minDuration and warmup are over, so that nothing could ever be promoted: raise deadline or lower minDuration';
const nothingJudged =
  'errors, latency, cpu and memory are all switched off and no custom metric is critical: a version that is not looked at can never pass; switch one on';

export const analysis = z
  .object({
    source: z
      .enum(['Auto', 'Prometheus', 'Pods'])
      .default('Auto')
      .describe(
        "Where the metrics come from. Prometheus: the source named below. Pods: the pods' own /metrics, scraped by the operator. Auto: the pods, with stable's past, CPU and memory from Prometheus where the operator has one; Prometheus alone where a pod cannot be scraped. status.analysis.source says which was used.",
      ),
    prometheus: z
      .object({
        name: z
          .string()
          .min(1)
          .max(63)
          .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be the name of a source in the configuration of the operator')
          .default('default')
          .describe(
            'One of the sources in the configuration of the operator, which alone says addresses, credentials and tenants and which namespaces may use them.',
          ),
      })
      .prefault({})
      .describe('Which Prometheus is asked.'),
    preset: z
      .string()
      .min(1)
      .max(63)
      .regex(/^(Auto|[a-z0-9]([-a-z0-9]*[a-z0-9])?)$/, 'must be Auto or the name of a preset such as prom-http')
      .default('Auto')
      .describe(
        'Names of the metrics that the application exports, such as prom-http. Auto looks which one stable exports; docs/reference/presets.md lists them.',
      ),
    minDuration: duration({ min: '0s', max: '168h' })
      .default('15m')
      .describe(
        'Nothing is promoted before the canary has run this long after it became Ready. A regression is acted on at once.',
      ),
    deadline: duration({ min: '1m', max: '336h', or: 'Auto' })
      .default('Auto')
      .describe(
        'Time after which onUndecided applies when there is no verdict. Auto: planned at the start from the traffic seen, 30 minutes to 2 hours and not before minDuration.',
      ),
    onUndecided: z
      .enum(['Promote', 'Hold', 'Rollback'])
      .default('Promote')
      .describe(
        'What happens without a verdict at the deadline. Promote: only if both tracks had requests and every estimate is within its tolerance, and said as weak evidence; else held. Hold: a person decides. Rollback: taken back as not proven, which is not a regression.',
      ),
    onRegression: z
      .enum(['Rollback', 'Hold', 'Report'])
      .default('Rollback')
      .describe(
        'What happens when the canary is worse. Rollback: it is taken back. Hold: the canary stays and a person decides. Report: it is recorded, and promoted at the end all the same.',
      ),
    falseRollbackRate: riskPercentage()
      .default('1%')
      .describe(
        'Highest probability with which a healthy version is taken back, for the whole release and however often it is looked at; split over its metrics. Less asks for more evidence.',
      ),
    warmup: duration({ min: '0s', max: '1h' })
      .default('60s')
      .describe(
        'Time at the start of the canary that CPU, memory and latency leave out: caches fill, code is compiled.',
      ),
    errors,
    latency,
    cpu: z
      .object(tolerated('CPU', 'How much more CPU per request than stable the canary may use.'))
      .prefault({})
      .describe('CPU seconds per request, compared with stable.'),
    memory: z
      .object(tolerated('memory', 'How much more memory than stable the canary may use.'))
      .prefault({})
      .describe('Memory in use, compared with stable, and whether it grows without end.'),
    routes: z
      .object({
        ignore: z
          .array(
            z
              .string()
              .min(1)
              .max(200)
              .regex(/^\/[^\s"'`{}\\]*$/, 'must be a path such as "/healthz"'),
          )
          .max(50)
          .default(['/healthz', '/readyz', '/livez', '/metrics'])
          .meta(atomic)
          .describe('Paths that are not counted as requests: they are asked by probes and scrapers and not by users.'),
      })
      .prefault({})
      .describe('Which routes of the application are looked at.'),
    custom,
  })
  .prefault({})
  .describe('How the two versions are compared.')
  .refine(
    ({ errors: a, latency: b, cpu: c, memory: d, custom: own }) =>
      [a, b, c, d].some(({ enabled: on }) => on) || (own ?? []).some(({ critical }) => critical),
    nothingJudged,
  )
  .refine(
    ({ deadline, minDuration, warmup }) => {
      const [end, soak, warm] = [secondsOf(deadline), secondsOf(minDuration), secondsOf(warmup)];
      return end === undefined || soak === undefined || warm === undefined || end >= soak + warm;
    },
    { path: ['deadline'], message: deadlineMessage },
  );

const durations = 'self.analysis.deadline, self.analysis.minDuration, self.analysis.warmup';

/** At the spec, for the same reason as canaryRules. */
export const analysisRules: Rule[] = [
  {
    rule: `![${durations}].all(d, ${isDuration('d')}) || duration(self.analysis.deadline) >= duration(self.analysis.minDuration) + duration(self.analysis.warmup)`,
    message: deadlineMessage,
    fieldPath: '.analysis.deadline',
  },
  {
    rule: `self.analysis.errors.enabled || self.analysis.latency.enabled || self.analysis.cpu.enabled || self.analysis.memory.enabled || (${anyCritical})`,
    message: nothingJudged,
    fieldPath: '.analysis',
  },
];

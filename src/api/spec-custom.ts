import { z } from 'zod';
import { percentage, type Rule, rules } from './fields.ts';

const namesNamespace = 'the query must name {{namespace}}: write for example {namespace="{{namespace}}"}';
const namesPods =
  'the query must name {{pods}}, else both tracks would have the same value: write for example {pod=~"{{pods}}"}';

const metric = z.object({
  name: z
    .string()
    .min(1)
    .max(40)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be lower case letters, digits and "-" such as "queue-age"')
    .describe('Name of the metric, for status and messages.'),
  query: z
    .string()
    .min(1)
    .max(1000)
    .refine((query) => query.includes('{{namespace}}'), namesNamespace)
    .refine((query) => query.includes('{{pods}}'), namesPods)
    .meta(
      rules(
        { rule: "self.contains('{{namespace}}')", message: namesNamespace },
        { rule: "self.contains('{{pods}}')", message: namesPods },
      ),
    )
    .describe(
      'PromQL that gives exactly one series or a scalar, asked once for each track at each scrape. {{namespace}} and {{pods}} in label matchers stand for the namespace of the CanaryRelease and for a regular expression of the names of the pods of the track. Every selector is bound to the namespace whatever is written.',
    ),
  worse: z
    .enum(['Higher', 'Lower'])
    .default('Higher')
    .describe('Which direction is worse: Higher for the age of a queue, Lower for the hit ratio of a cache.'),
  tolerance: percentage().default('20%').describe("How much worse than stable's the canary's value may be."),
  critical: z
    .boolean()
    .default(true)
    .describe('false: the metric is reported; it neither takes a version back nor holds its promotion.'),
});

const twice = 'two metrics have this name: give each its own';

/** analysis.custom of a CanaryRelease. */
export const custom = z
  .array(metric)
  .max(10)
  .superRefine((metrics, context) => {
    for (const [index, { name }] of metrics.entries()) {
      if (metrics.findIndex((other) => other.name === name) === index) continue;
      context.addIssue({ code: 'custom', path: [index, 'name'], message: twice });
    }
  })
  .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
  .describe(
    "Metrics of your own, by queries to Prometheus. Only where the operator's configuration allows them for the namespace (customMetrics).",
  )
  .exactOptional();

/** A CEL expression over spec: one of the custom metrics decides. */
export const anyCritical: Rule['rule'] =
  'has(self.analysis.custom) && self.analysis.custom.exists(metric, metric.critical)';

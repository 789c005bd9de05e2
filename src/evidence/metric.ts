import type { PodLabels } from './presets.ts';
import { oneOf, selector } from './prometheus/promql.ts';

/** One metric, and how to read it. */
export interface Metric {
  metric: string;
  pods: PodLabels;
  /** Matchers beside namespace and pod, constants of ours. */
  matchers: readonly string[];
  /** What the matchers say of labels and their values, for series that no server has picked. */
  only?: Readonly<Record<string, string>> | undefined;
  statusLabel?: string | undefined;
  /** Labels that make a request an error, whatever the status says. */
  failureLabels?: readonly string[];
  /** `a+b`: a route of two labels. */
  routeLabel?: string | undefined;
  /** What tells errors of one status apart; of a counter of exceptions their types. */
  classLabels?: readonly string[];
  /** Types that are no errors. */
  ignoredTypes?: readonly string[];
  secondsPerUnit: number;
  /** One series per container. */
  perContainer: boolean;
}

/** The selector of a metric for some pods of one namespace. */
export function metricSelector(metric: Metric, namespace: string, pods: readonly string[]): string {
  const { pods: labels, matchers } = metric;
  return selector(metric.metric, [oneOf(labels.namespace, [namespace]), oneOf(labels.pod, pods), ...matchers]);
}

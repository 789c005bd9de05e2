import type { Deployment, KubeObject } from '../../src/kube/object.ts';
import { imageOf, type Scenario } from './scenarios.ts';

export const namespace = 'shop';
const port = 8080;

/** What a user would have: a Deployment with three pods of v1 and a Service. */
export function deploymentOf({ name }: Scenario): Deployment {
  const labels = { app: name };
  const httpGet = { path: '/healthz', port: 'http' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(port) } },
        spec: {
          terminationGracePeriodSeconds: 5,
          containers: [
            {
              name: 'shop',
              image: imageOf('v1'),
              ports: [{ name: 'http', containerPort: port }],
              readinessProbe: { httpGet, periodSeconds: 2, timeoutSeconds: 2 },
              livenessProbe: { httpGet: { path: '/metrics', port: 'http' }, periodSeconds: 20, timeoutSeconds: 10 },
              resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '224Mi' } },
            },
          ],
        },
      },
    },
  };
}

export function serviceOf({ name }: Scenario): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: { app: name } },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  };
}

/**
 * A dozen processes share a few cores with all else on this machine: what CPU they burn says little about a version, and
 * their answers may come some milliseconds later.
 */
const forOneMachine = { cpu: { enabled: false }, latency: { absoluteTolerance: '20ms' } };

/** Short times, so that one can watch: a real release takes its time, and finds what comes late. */
export function releaseOf({ name }: Scenario, quick: boolean): KubeObject {
  const times = quick
    ? { minDuration: '1s', warmup: '1s', deadline: '1m' }
    : { minDuration: '60s', warmup: '5s', deadline: '195s' };
  return {
    apiVersion: 'tandem.dev/v1alpha1',
    kind: 'CanaryRelease',
    metadata: { name, namespace },
    spec: { targetRef: { name }, analysis: { source: 'Pods', ...times, ...forOneMachine } },
  };
}

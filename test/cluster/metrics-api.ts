import { apply } from './kubectl.ts';
import { nodeIp } from './paths.ts';

const name = 'metrics-server';
const namespace = 'kube-system';

/** metrics-server runs beside the other programs, not in a pod: a Service without a selector leads to it. */
export function registerMetricsApi(): void {
  const port = { name: 'https', port: 443, protocol: 'TCP', targetPort: 4443 };
  apply([
    { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { ports: [port] } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ name: 'https', port: 4443, protocol: 'TCP' }],
      endpoints: [{ addresses: [nodeIp], conditions: { ready: true } }],
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1beta1.metrics.k8s.io' },
      spec: {
        service: { name, namespace },
        group: 'metrics.k8s.io',
        version: 'v1beta1',
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: {
        name: 'system:aggregated-metrics-reader',
        labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' },
      },
      rules: [{ apiGroups: ['metrics.k8s.io'], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }],
    },
  ]);
}

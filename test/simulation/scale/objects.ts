import { type KubeObject, resources } from '../../../src/kube/object.ts';
import type { SandboxApi } from '../../../src/sandbox/api.ts';

/** Releases of one namespace. */
const PER_NAMESPACE = 100;

export function namespaceOf(index: number): string {
  return `team-${Math.floor(index / PER_NAMESPACE)}`;
}

/** The namespaces of so many releases. */
export function namespacesOf(count: number): string[] {
  return Array.from({ length: Math.ceil(count / PER_NAMESPACE) }, (_, index) => `team-${index}`);
}

/** What people write besides the image: as long as such templates usually are, some 3 kB. */
function usualContainer(): object {
  const probe = { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 10, timeoutSeconds: 2 };
  const env = Array.from({ length: 16 }, (_, index) => ({
    name: `SETTING_${index}`,
    value: `https://dependency-${index}.internal.example/api/v${index}`,
  }));
  return {
    env,
    ports: [{ name: 'http', containerPort: 8080 }],
    livenessProbe: probe,
    readinessProbe: probe,
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    volumeMounts: [{ name: 'config', mountPath: '/etc/app', readOnly: true }],
  };
}

export function deployment(index: number): KubeObject {
  const name = `app-${index}`;
  const labels = { app: name, 'app.kubernetes.io/part-of': 'shop', 'app.kubernetes.io/managed-by': 'pipeline' };
  const spec = {
    replicas: 3,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels },
      spec: {
        serviceAccountName: 'default',
        containers: [{ name: 'app', image: 'shop:v1', ...usualContainer() }],
        volumes: [{ name: 'config', configMap: { name: `${name}-config`, optional: true } }],
      },
    },
  };
  // As `kubectl apply` leaves it.
  const annotations = {
    'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ metadata: { name }, spec }),
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: namespaceOf(index), labels, annotations },
    spec,
  } as KubeObject;
}

export function canaryRelease(index: number): KubeObject {
  return {
    apiVersion: 'tandem.dev/v1alpha1',
    kind: 'CanaryRelease',
    metadata: { name: `app-${index}`, namespace: namespaceOf(index) },
    spec: { targetRef: { name: `app-${index}` } },
  } as KubeObject;
}

/** Writes another version into the first `count` targets. */
export async function releaseVersion(admin: SandboxApi, count: number, version: string): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const ref = { namespace: namespaceOf(index), name: `app-${index}` };
    const containers = [{ name: 'app', image: `shop:${version}` }];
    await admin.patch(
      resources.deployments,
      ref,
      { spec: { template: { spec: { containers } } } },
      { type: 'strategic' },
    );
  }
}

/** How many releases are in which phase. */
export function phasesOf(releases: readonly KubeObject[]): Record<string, number> {
  const phases: Record<string, number> = {};
  for (const release of releases) {
    const phase = (release as { status?: { phase?: string } }).status?.phase ?? 'none';
    phases[phase] = (phases[phase] ?? 0) + 1;
  }
  return phases;
}

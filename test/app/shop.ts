import type { Deployment, KubeObject } from '../../src/kube/object.ts';

export interface ShopOptions {
  namespace: string;
  /** Also the name of the Service and the value of the label `app`. */
  name?: string;
  replicas?: number;
  /** Tag of the image and value of VERSION, `v1` to `v9`. */
  version?: string;
  /** Switches of the application, see settings.ts. */
  env?: Record<string, string>;
  cpuLimit?: string;
  memoryLimit?: string;
  /** Merged over the spec of the Deployment (strategy, minReadySeconds, ...). */
  spec?: Record<string, unknown>;
}

const port = 8080;

/** The shop's Deployment and the Service in front of it. Versions are the same image; the environment makes the difference. */
export function shop(options: ShopOptions): [Deployment, KubeObject] {
  return [shopDeployment(options), shopService(options)];
}

export function shopDeployment(options: ShopOptions): Deployment {
  const { namespace, name = 'shop', replicas = 2, spec = {} } = options;
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(port) } },
        spec: { containers: [container(options)], terminationGracePeriodSeconds: 10 },
      },
      ...spec,
    },
  };
}

function container({ version = 'v1', env = {}, cpuLimit, memoryLimit = '256Mi' }: ShopOptions) {
  return {
    name: 'shop',
    image: `docker.io/library/shop:${version}`,
    imagePullPolicy: 'IfNotPresent',
    ports: [{ name: 'http', containerPort: port }],
    env: Object.entries({ VERSION: version, ...env }).map(([key, value]) => ({ name: key, value })),
    readinessProbe: { httpGet: { path: '/healthz', port }, periodSeconds: 1, failureThreshold: 2, timeoutSeconds: 2 },
    resources: {
      requests: { cpu: '20m', memory: '64Mi' },
      limits: { memory: memoryLimit, ...(cpuLimit === undefined ? {} : { cpu: cpuLimit }) },
    },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
  };
}

export function shopService({ namespace, name = 'shop' }: ShopOptions): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: { app: name } },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: port }] },
  };
}

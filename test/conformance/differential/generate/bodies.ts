import fc from 'fast-check';
import type { Fields } from '../../../../src/sandbox/json.ts';

/** An object with some of these fields. */
export function some(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Fields> {
  return fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<Fields>;
}

function uniqueBy(item: fc.Arbitrary<Fields>, key: string, maxLength: number): fc.Arbitrary<Fields[]> {
  return fc.uniqueArray(item, { selector: (one) => JSON.stringify(one[key]), maxLength });
}

const values = fc.constantFrom('1', '2');
export const labels = some({ app: fc.constant('x'), tier: values, zone: values });
const annotations = some({ note: values, 'example.com/who': values });
const finalizers = fc.subarray(['example.com/a', 'example.com/b']);
export const metadata = some({ labels, annotations });
/** Seldom used parts, for the objects of which nothing else depends on. */
export const richMetadata = some({ labels, annotations, finalizers });

const variable = fc.oneof(
  fc.record({ name: fc.constantFrom('A', 'B', 'C'), value: fc.constantFrom('', '1', '2') }),
  fc.record({
    name: fc.constantFrom('A', 'B', 'C'),
    valueFrom: fc.constantFrom(
      { fieldRef: { fieldPath: 'metadata.name' } },
      { configMapKeyRef: { name: 'settings', key: 'a' } },
      { secretKeyRef: { name: 'secret', key: 'a', optional: true } },
    ),
  }),
) as fc.Arbitrary<Fields>;

const port = fc.record(
  {
    containerPort: fc.constantFrom(80, 81),
    name: fc.constantFrom('http', 'metrics'),
    protocol: fc.constantFrom('TCP', 'UDP'),
  },
  { requiredKeys: ['containerPort'] },
) as fc.Arbitrary<Fields>;

const mount = fc.record(
  { name: fc.constantFrom('data', 'conf'), mountPath: fc.constantFrom('/a', '/b'), readOnly: fc.boolean() },
  { requiredKeys: ['name', 'mountPath'] },
) as fc.Arbitrary<Fields>;

const probe = fc.constantFrom(
  { httpGet: { port: 80 } },
  { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 2 },
  { tcpSocket: { port: 80 } },
  { exec: { command: ['true'] } },
);

const resources = fc.constantFrom(
  {},
  { requests: { cpu: '100m', memory: '64Mi' } },
  { limits: { cpu: 1, memory: '0.5Gi' } },
  { requests: { cpu: '1000m' }, limits: { cpu: '1.5' } },
);

export const containerFields = {
  image: fc.constantFrom('shop:1', 'shop:2', 'shop'),
  env: uniqueBy(variable, 'name', 3),
  ports: uniqueBy(port, 'containerPort', 2),
  volumeMounts: uniqueBy(mount, 'mountPath', 2),
  args: fc.constantFrom([], ['a'], ['a', 'b']),
  resources,
  readinessProbe: probe,
  imagePullPolicy: fc.constantFrom('Always', 'Never'),
  tty: fc.boolean(),
};

const containerNames = fc.constantFrom('app', 'side', 'log');
const container = fc.record(
  { name: containerNames, ...containerFields },
  { requiredKeys: ['name', 'image'] },
) as fc.Arbitrary<Fields>;
/** As an applier or a patch names it: without what others set. */
const partialContainer = fc.record(
  { name: containerNames, ...containerFields },
  { requiredKeys: ['name'] },
) as fc.Arbitrary<Fields>;

const volumes = fc.constantFrom(
  [{ name: 'data' }, { name: 'conf', configMap: { name: 'settings' } }],
  [
    { name: 'conf', secret: { secretName: 'secret' } },
    { name: 'data', emptyDir: {} },
  ],
);

const strategy = fc.constantFrom(
  { type: 'Recreate' },
  { type: 'RollingUpdate' },
  { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
  { type: 'RollingUpdate', rollingUpdate: { maxSurge: '50%', maxUnavailable: 0 } },
  { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } },
);

const podFields = {
  volumes,
  terminationGracePeriodSeconds: fc.constantFrom(0, 5, 30),
  nodeSelector: some({ disk: values, zone: values }),
  serviceAccountName: fc.constantFrom('default', 'builder'),
  tolerations: fc.constantFrom([], [{ key: 'a', operator: 'Exists' }]),
  securityContext: fc.constantFrom({}, { runAsUser: 1000 }, { fsGroup: 5 }),
  imagePullSecrets: fc.constantFrom([{ name: 'pull' }], [{ name: 'pull' }, { name: 'other' }]),
  topologySpreadConstraints: fc.constant([
    {
      maxSkew: 1,
      topologyKey: 'zone',
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: { app: 'x' } },
    },
  ]),
};

const specFields = {
  replicas: fc.constantFrom(0, 1, 2),
  paused: fc.constantFrom(true, true, false),
  minReadySeconds: fc.constantFrom(0, 5),
  progressDeadlineSeconds: fc.constantFrom(30, 600),
  revisionHistoryLimit: fc.constantFrom(0, 3),
  strategy,
};

const containers = uniqueBy(container, 'name', 3).filter((list) => list.length > 0);
const template = fc.record({
  metadata: fc.constantFrom({ labels: { app: 'x' } }, { labels: { app: 'x', version: '1' }, annotations: { a: '1' } }),
  spec: fc.tuple(containers, some(podFields)).map(([list, rest]): Fields => {
    // A mount needs its volume.
    const mounted = list.some((one) => Array.isArray(one['volumeMounts']));
    return { containers: list, ...(mounted ? { volumes: [{ name: 'data' }, { name: 'conf' }] } : {}), ...rest };
  }),
});

/** A Deployment that may be created, paused: its controller leaves it alone. */
export const deployment = fc.tuple(metadata, template, some(specFields)).map(
  ([meta, pods, spec]): Fields => ({
    metadata: meta,
    spec: { paused: true, selector: { matchLabels: { app: 'x' } }, template: pods, ...spec },
  }),
);

export const partialDeployment = some({
  metadata,
  spec: some({
    ...specFields,
    template: some({
      metadata: some({ annotations: some({ a: values, b: values }), labels: fc.constant({ version: '2' }) }),
      spec: some({ containers: uniqueBy(partialContainer, 'name', 3), ...podFields }),
    }),
  }),
});

const data = some({ a: values, b: fc.constantFrom('', 'text'), 'c.json': fc.constant('{}') });
export const configMap = some({
  metadata: richMetadata,
  data,
  binaryData: fc.constantFrom({ raw: 'AAEC' }, {}),
  immutable: fc.boolean(),
});
export const secret = some({
  metadata: richMetadata,
  data: fc.constantFrom({ a: 'MQ==' }, { a: 'MQ==', b: 'Mg==' }, { a: 'not base64!' }),
  stringData: some({ a: values, c: values }),
  type: fc.constantFrom('Opaque', 'example.com/kind', 'kubernetes.io/tls'),
});

const servicePort = fc.record(
  {
    name: fc.constantFrom('http', 'metrics'),
    port: fc.constantFrom(80, 81),
    targetPort: fc.constantFrom(8080, 'http'),
    protocol: fc.constantFrom('TCP', 'UDP'),
    appProtocol: fc.constant('http'),
  },
  { requiredKeys: ['name', 'port'] },
) as fc.Arbitrary<Fields>;
const serviceFields = {
  selector: some({ app: fc.constant('x'), tier: values }),
  type: fc.constantFrom('ClusterIP', 'ClusterIP', 'Headless'),
  sessionAffinity: fc.constantFrom('None', 'ClientIP'),
  publishNotReadyAddresses: fc.boolean(),
  ports: uniqueBy(servicePort, 'name', 2),
};
const serviceSpec = some(serviceFields).map(
  ({ type, ...spec }): Fields =>
    type === 'Headless' ? { ...spec, clusterIP: 'None' } : { ...spec, ...(type === undefined ? {} : { type }) },
);
export const service = fc.record({ metadata: richMetadata, spec: serviceSpec }) as fc.Arbitrary<Fields>;

const part = fc.record(
  { name: fc.constantFrom('p', 'q'), size: fc.constantFrom(1, 2), kind: fc.constantFrom('small', 'large') },
  { requiredKeys: ['name'] },
) as fc.Arbitrary<Fields>;
export const widget = some({
  metadata: richMetadata,
  spec: some({
    size: fc.constantFrom(0, 1, 5, 11),
    title: fc.constantFrom('', 'a', 'Title', 'far too long'),
    mode: fc.constantFrom('Fast', 'Slow', 'Other'),
    replicas: fc.constantFrom(0, 3),
    parts: uniqueBy(part, 'name', 2),
    doubled: fc.array(part, { maxLength: 2 }),
    tags: fc.array(fc.constantFrom('x', 'y'), { maxLength: 2 }),
    limits: some({ cpu: fc.constantFrom(1, '1', true), memory: fc.constantFrom('1Gi', 2) }),
    anything: fc.constantFrom({ deep: { er: 1 } }, {}, { list: [1, null] }),
    maybe: fc.constantFrom(null, 'x'),
    fixed: fc.constantFrom('1', '2'),
    whole: some({ a: values, b: values }),
    nested: some({ active: fc.boolean(), level: fc.constantFrom(1, 9) }),
    when: fc.constantFrom('2026-01-01T00:00:00Z', 'never'),
  }),
  status: some({ phase: values, conditions: fc.constantFrom([], [{ type: 'Ready', status: 'True' }]) }),
});

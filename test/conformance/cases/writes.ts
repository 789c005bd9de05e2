import { expect } from 'vitest';
import { type Deployment, type KubeObject, resources } from '../../../src/kube/object.ts';
import { type Case, failureOf, merge, ref, type Stage, web } from '../under-test.ts';

function configMap(stage: Stage, data: Record<string, string>): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: stage.namespace }, data };
}

export const writeCases: Case[] = [
  {
    name: 'create gives identity, version, time and generation, and keeps status out',
    async run(stage) {
      const sent = { ...web(stage, { replicas: 0 }), status: { replicas: 7 } };
      const made = await stage.api.create<Deployment>(resources.deployments, sent);
      expect(made.metadata.uid).toMatch(/^[0-9a-f]{8}-/);
      expect(Number(made.metadata.resourceVersion)).toBeGreaterThan(0);
      expect(made.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(made.metadata.generation).toBe(1);
      expect(made.status).toEqual({});
    },
  },
  {
    name: 'refusals of a create',
    async run(stage) {
      await stage.api.create(resources.deployments, web(stage, { replicas: 0 }));
      const again = await failureOf(stage.api.create(resources.deployments, web(stage)));
      expect(again).toMatchObject({
        status: 409,
        reason: 'AlreadyExists',
        message: 'deployments.apps "web" already exists',
        details: { name: 'web', group: 'apps', kind: 'deployments' },
      });
      const versioned = web(stage, { name: 'other' });
      versioned.metadata.resourceVersion = '1';
      expect(await failureOf(stage.api.create(resources.deployments, versioned))).toMatchObject({ status: 500 });
      const nowhere = web({ ...stage, namespace: 'no-such-namespace' });
      expect(await failureOf(stage.api.create(resources.deployments, nowhere))).toMatchObject({
        status: 404,
        reason: 'NotFound',
        message: 'namespaces "no-such-namespace" not found',
      });
      const wrong = web(stage, { name: 'other', spec: { selector: { matchLabels: { app: 'else' } } } });
      expect(await failureOf(stage.api.create(resources.deployments, wrong))).toMatchObject({
        status: 422,
        reason: 'Invalid',
        details: { causes: [{ field: 'spec.template.metadata.labels' }] },
      });
      const missing = stage.api.get(resources.deployments, ref(stage, 'nosuch'));
      expect(await failureOf(missing)).toMatchObject({
        status: 404,
        reason: 'NotFound',
        message: 'deployments.apps "nosuch" not found',
      });
    },
  },
  {
    name: 'generateName, labels that are too long, names that are none',
    async run(stage) {
      const metadata = { name: '', generateName: 'made-', namespace: stage.namespace };
      const made = await stage.api.create(resources.configMaps, { ...configMap(stage, {}), metadata });
      expect(made.metadata.name).toMatch(/^made-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
      const long = configMap(stage, {});
      long.metadata.labels = { note: 'x'.repeat(64) };
      expect(await failureOf(stage.api.create(resources.configMaps, long))).toMatchObject({ status: 422 });
      const odd = configMap(stage, {});
      odd.metadata.name = 'Not_A_Name';
      expect(await failureOf(stage.api.create(resources.configMaps, odd))).toMatchObject({
        status: 422,
        details: { causes: [{ field: 'metadata.name' }] },
      });
    },
  },
  {
    name: 'the defaults of a Deployment',
    async run(stage) {
      const sent: KubeObject = {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web', namespace: stage.namespace },
        spec: {
          replicas: 0,
          paused: false,
          minReadySeconds: 0,
          selector: { matchLabels: { app: 'web' } },
          template: {
            metadata: { labels: { app: 'web' }, creationTimestamp: null, annotations: {} },
            spec: {
              containers: [
                {
                  name: 'app',
                  image: 'shop',
                  env: [
                    { name: 'EMPTY', value: '' },
                    { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
                  ],
                  ports: [{ containerPort: 8080 }],
                  readinessProbe: { httpGet: { port: 8080 } },
                  resources: { requests: { cpu: '1000m', memory: '1024Ki' }, limits: { cpu: 2, memory: '1.5Gi' } },
                  args: [],
                },
                { name: 'side', image: 'side:1.2', livenessProbe: { tcpSocket: { port: 1 } } },
              ],
              volumes: [{ name: 'scratch' }, { name: 'conf', configMap: { name: 'settings' } }],
              dnsPolicy: null,
            },
          },
        },
      };
      const made = await stage.api.create<Deployment>(resources.deployments, sent);
      const probe = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };
      const termination = { terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' };
      expect(made.spec).toEqual({
        replicas: 0,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            containers: [
              {
                name: 'app',
                image: 'shop',
                env: [
                  { name: 'EMPTY' },
                  { name: 'POD', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
                ],
                ports: [{ containerPort: 8080, protocol: 'TCP' }],
                readinessProbe: { httpGet: { path: '/', port: 8080, scheme: 'HTTP' }, ...probe },
                resources: { requests: { cpu: '1', memory: '1Mi' }, limits: { cpu: '2', memory: '1536Mi' } },
                imagePullPolicy: 'Always',
                ...termination,
              },
              {
                name: 'side',
                image: 'side:1.2',
                livenessProbe: { tcpSocket: { port: 1 }, ...probe },
                resources: {},
                imagePullPolicy: 'IfNotPresent',
                ...termination,
              },
            ],
            volumes: [
              { name: 'scratch', emptyDir: {} },
              { name: 'conf', configMap: { name: 'settings', defaultMode: 420 } },
            ],
            restartPolicy: 'Always',
            terminationGracePeriodSeconds: 30,
            dnsPolicy: 'ClusterFirst',
            securityContext: {},
            schedulerName: 'default-scheduler',
          },
        },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
      });
    },
  },
  {
    name: 'replace: stale versions, other UIDs, what never changes',
    async run(stage) {
      const made = await stage.api.create<Deployment>(
        resources.deployments,
        web(stage, { replicas: 0, spec: { paused: true } }),
      );
      await merge(stage, { metadata: { labels: { a: '1' } } });
      expect(await failureOf(stage.api.replace(resources.deployments, made))).toMatchObject({
        status: 409,
        reason: 'Conflict',
        message: expect.stringContaining('the object has been modified') as string,
      });
      const foreign = { ...made, metadata: { ...made.metadata, uid: '00000000-0000-4000-8000-000000000000' } };
      delete foreign.metadata.resourceVersion;
      expect(await failureOf(stage.api.replace(resources.deployments, foreign))).toMatchObject({ status: 409 });
      const blind = web(stage, { replicas: 0, spec: { paused: true } });
      const written = await stage.api.replace<Deployment>(resources.deployments, blind);
      expect(written.metadata.uid).toBe(made.metadata.uid);
      expect(written.metadata.creationTimestamp).toBe(made.metadata.creationTimestamp);
      expect(written.metadata.labels).toBeUndefined();
      const reselected = web(stage, { spec: { selector: { matchLabels: { app: 'web', more: 'x' } } } });
      reselected.spec.template.metadata = { labels: { app: 'web', more: 'x' } };
      expect(await failureOf(stage.api.replace(resources.deployments, reselected))).toMatchObject({
        status: 422,
        message: expect.stringContaining('field is immutable') as string,
      });
      expect(await failureOf(stage.api.replace(resources.deployments, web(stage, { name: 'nosuch' })))).toMatchObject({
        status: 404,
      });
    },
  },
  {
    name: 'generation counts spec and annotations of a Deployment, not labels, status or nothing',
    async run(stage) {
      const paused = web(stage, { replicas: 0, spec: { paused: true } });
      await stage.api.create<Deployment>(resources.deployments, paused);
      await stage.under.pass(3);
      const before = (await stage.api.get<Deployment>(resources.deployments, ref(stage))).metadata.generation ?? 0;
      const labelled = await merge(stage, { metadata: { labels: { a: '1' } } });
      expect(labelled.metadata.generation).toBe(before);
      const same = await merge(stage, { metadata: { labels: { a: '1' } } });
      expect(same.metadata.resourceVersion).toBe(labelled.metadata.resourceVersion);
      const noted = await merge(stage, { metadata: { annotations: { note: '1' } } });
      expect(noted.metadata.generation).toBe(before + 1);
      const resized = await merge(stage, { spec: { minReadySeconds: 1 } });
      expect(resized.metadata.generation).toBe(before + 2);
      const equivalent = await merge(stage, {
        spec: { strategy: { type: 'RollingUpdate' }, revisionHistoryLimit: null },
      });
      expect(equivalent.metadata.generation).toBe(before + 2);
      const status = { status: { collisionCount: 3 }, spec: { minReadySeconds: 9 }, metadata: { labels: { a: '2' } } };
      const told = await stage.api.patch<Deployment>(resources.deployments, ref(stage), status, {
        type: 'merge',
        subresource: 'status',
      });
      expect(told.metadata.generation).toBe(before + 2);
      expect(told.spec.minReadySeconds).toBe(1);
      expect(told.metadata.labels).toEqual({ a: '1' });
      expect(told.status?.['collisionCount']).toBe(3);
      const ignored = await merge(stage, { status: { collisionCount: 9 } });
      expect(ignored.status?.['collisionCount']).toBe(3);
    },
  },
  {
    name: 'the scale subresource',
    async run(stage) {
      await stage.api.create(resources.deployments, web(stage, { replicas: 0, spec: { paused: true } }));
      const scaled = await stage.api.patch(
        resources.deployments,
        ref(stage),
        { spec: { replicas: 3 } },
        {
          type: 'merge',
          subresource: 'scale',
        },
      );
      expect(scaled).toMatchObject({ apiVersion: 'autoscaling/v1', kind: 'Scale', spec: { replicas: 3 } });
      expect((await stage.api.get<Deployment>(resources.deployments, ref(stage))).spec.replicas).toBe(3);
      const negative = stage.api.patch(
        resources.deployments,
        ref(stage),
        { spec: { replicas: -1 } },
        {
          type: 'merge',
          subresource: 'scale',
        },
      );
      expect(await failureOf(negative)).toMatchObject({ status: 422 });
      const stale = { metadata: { resourceVersion: '1' }, spec: { replicas: 4 } };
      const conditional = stage.api.patch(resources.deployments, ref(stage), stale, {
        type: 'merge',
        subresource: 'scale',
      });
      expect(await failureOf(conditional)).toMatchObject({ status: 409, reason: 'Conflict' });
    },
  },
  {
    name: 'dry runs answer and store nothing',
    async run(stage) {
      const dry = { dryRun: true };
      const made = await stage.api.create<Deployment>(resources.deployments, web(stage, { replicas: 0 }), dry);
      expect(made.spec.progressDeadlineSeconds).toBe(600);
      expect(await failureOf(stage.api.get(resources.deployments, ref(stage)))).toMatchObject({ status: 404 });
      await stage.api.create(resources.deployments, web(stage, { replicas: 0, spec: { paused: true } }));
      await stage.under.pass(2);
      const before = await stage.api.get<Deployment>(resources.deployments, ref(stage));
      const body = { spec: { replicas: 5 } };
      const seen = await stage.api.patch<Deployment>(resources.deployments, ref(stage), body, {
        type: 'merge',
        ...dry,
      });
      expect(seen.spec.replicas).toBe(5);
      const after = await stage.api.get<Deployment>(resources.deployments, ref(stage));
      expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
      expect(after.spec.replicas).toBe(0);
    },
  },
  {
    name: 'label and field selectors',
    async run(stage) {
      for (const [name, labels] of Object.entries({ a: { tier: 'x', n: '1' }, b: { tier: 'y' }, c: { n: '2' } })) {
        const metadata = { name, namespace: stage.namespace, labels };
        await stage.api.create(resources.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
      }
      const names = async (options: { labelSelector?: string; fieldSelector?: string }): Promise<string> => {
        const { items } = await stage.api.list(resources.configMaps, { namespace: stage.namespace, ...options });
        const found = items.map(({ metadata }) => metadata.name).filter((name) => name !== 'kube-root-ca.crt');
        return found.join('');
      };
      expect(await names({ labelSelector: 'tier=x' })).toBe('a');
      expect(await names({ labelSelector: 'tier' })).toBe('ab');
      expect(await names({ labelSelector: '!tier' })).toBe('c');
      expect(await names({ labelSelector: 'tier!=x' })).toBe('bc');
      expect(await names({ labelSelector: 'tier in (x,y),n' })).toBe('a');
      expect(await names({ labelSelector: 'n notin (1)' })).toBe('bc');
      expect(await names({ fieldSelector: 'metadata.name=b' })).toBe('b');
      expect(await names({ fieldSelector: 'metadata.name!=b' })).toBe('ac');
      expect(await failureOf(names({ labelSelector: 'a=b=c' }))).toMatchObject({ status: 400 });
      expect(await failureOf(names({ fieldSelector: 'data.x=1' }))).toMatchObject({ status: 400 });
    },
  },
];

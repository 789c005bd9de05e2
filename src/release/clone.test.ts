import { describe, expect, it } from 'vitest';
import {
  baselineDeployment,
  baselineName,
  type CanaryPlan,
  canaryDeployment,
  canaryName,
  canaryReplicas,
  takenEnvironment,
} from './clone.ts';
import { revisionOf } from './revision.ts';
import { deployment, pod, template } from './testing/objects.ts';

function plan(change: Partial<CanaryPlan> = {}): CanaryPlan {
  return {
    release: { name: 'checkout', namespace: 'shop', uid: 'release-uid' },
    target: deployment('shop', 'v2'),
    stable: { template: template('v1'), pod: undefined },
    replicas: 1,
    env: { track: 'TANDEM_TRACK', version: 'TANDEM_VERSION' },
    ...change,
  };
}

describe('canaryDeployment', () => {
  it('takes the template and nothing of the target itself', () => {
    const target = deployment('shop', 'v2');
    target.metadata.labels = { 'app.kubernetes.io/instance': 'argo', 'kustomize.toolkit.fluxcd.io/name': 'x' };
    target.metadata.annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };

    const canary = canaryDeployment(plan({ target }));

    expect(canary.metadata).toEqual({
      name: 'shop-canary',
      namespace: 'shop',
      labels: {
        'tandem.dev/release': 'checkout',
        'tandem.dev/track': 'canary',
        'app.kubernetes.io/managed-by': 'tandem',
      },
      annotations: { 'tandem.dev/revision': revisionOf(target.spec.template) },
      ownerReferences: [
        {
          apiVersion: 'tandem.dev/v1alpha1',
          kind: 'CanaryRelease',
          name: 'checkout',
          uid: 'release-uid',
          controller: true,
          blockOwnerDeletion: false,
        },
      ],
    });
    expect(canary.spec.selector).toEqual({
      matchLabels: { 'tandem.dev/release': 'checkout', 'tandem.dev/track': 'canary' },
    });
    expect(canary.spec.template.metadata?.labels).toMatchObject({ app: 'shop', 'tandem.dev/track': 'canary' });
  });

  it('keeps fields of the template that it does not know', () => {
    const target = deployment('shop', 'v2', { template: template('v2', { fieldFromTheFuture: { deep: [1] } }) });

    expect(canaryDeployment(plan({ target })).spec.template.spec['fieldFromTheFuture']).toEqual({ deep: [1] });
  });

  it('does not touch the target it was given', () => {
    const target = Object.freeze(deployment('shop', 'v2'));
    const before = structuredClone(target);

    canaryDeployment(plan({ target }));

    expect(target).toEqual(before);
  });

  it('names the track and the version to every container', () => {
    const containers = [{ name: 'app' }, { name: 'proxy', env: [{ name: 'A', value: '1' }] }];
    const target = deployment('shop', 'v2', { template: template('v2', { containers }) });

    const env = canaryDeployment(plan({ target })).spec.template.spec.containers.map((container) => container.env);

    const own = [
      { name: 'TANDEM_TRACK', value: 'canary' },
      { name: 'TANDEM_VERSION', value: revisionOf(target.spec.template).slice(0, 10) },
    ];
    expect(env).toEqual([own, [{ name: 'A', value: '1' }, ...own]]);
  });

  it('leaves out a name that any container has, and says so', () => {
    const containers = [{ name: 'app' }, { name: 'proxy', env: [{ name: 'TANDEM_TRACK', value: 'mine' }] }];
    const target = deployment('shop', 'v2', { template: template('v2', { containers }) });
    const wanted = plan({ target });

    const names = canaryDeployment(wanted).spec.template.spec.containers.flatMap((container) => container.env ?? []);

    expect(names.map((item) => item.name)).toEqual(['TANDEM_VERSION', 'TANDEM_TRACK', 'TANDEM_VERSION']);
    expect(takenEnvironment(target.spec.template, wanted.env)).toEqual(['TANDEM_TRACK']);
  });

  it('gives the canary the resources that stable really has, unless the new template changes them', () => {
    const stable = { template: template('v1'), pod: pod('s-1') };
    const effective = { requests: { cpu: '2' } };
    stable.pod.spec.containers = [{ name: 'app', resources: effective }];
    const own = { requests: { cpu: '100m' } };
    const changed = deployment('shop', 'v2', {
      template: template('v2', { containers: [{ name: 'app', resources: own }] }),
    });

    expect(canaryDeployment(plan({ stable })).spec.template.spec.containers[0]?.['resources']).toEqual(effective);
    expect(canaryDeployment(plan({ stable, target: changed })).spec.template.spec.containers[0]?.['resources']).toEqual(
      own,
    );
  });
});

describe('baselineDeployment', () => {
  it("is one pod of stable's template, whatever the target has now", () => {
    const stable = template('v1', { fieldFromTheFuture: 1 });
    stable.metadata = { labels: { app: 'shop', 'pod-template-hash': 'abc' }, annotations: { a: '1' } };

    const baseline = baselineDeployment(plan({ stable: { template: stable, pod: undefined }, replicas: 4 }));

    const labels = { 'tandem.dev/release': 'checkout', 'tandem.dev/track': 'baseline' };
    expect(baseline.metadata).toMatchObject({
      name: 'shop-baseline',
      labels,
      annotations: { 'tandem.dev/revision': revisionOf(stable) },
      ownerReferences: [{ kind: 'CanaryRelease', uid: 'release-uid', controller: true }],
    });
    expect(baseline.spec).toMatchObject({ replicas: 1, selector: { matchLabels: labels } });
    expect(baseline.spec.template.metadata).toEqual({ labels: { app: 'shop', ...labels }, annotations: { a: '1' } });
    expect(baseline.spec.template.spec).toMatchObject({
      fieldFromTheFuture: 1,
      containers: [
        {
          image: 'shop:v1',
          env: [
            { name: 'TANDEM_TRACK', value: 'baseline' },
            { name: 'TANDEM_VERSION', value: revisionOf(stable).slice(0, 10) },
          ],
        },
      ],
    });
    expect(stable.metadata.labels).toHaveProperty('pod-template-hash');
  });

  it("has the resources that stable's pods really have", () => {
    const stable = { template: template('v1'), pod: pod('s-1') };
    const effective = { requests: { cpu: '2' } };
    stable.pod.spec.containers = [{ name: 'app', resources: effective }];

    expect(baselineDeployment(plan({ stable })).spec.template.spec.containers[0]?.['resources']).toEqual(effective);
  });
});

describe('names and numbers', () => {
  it('shortens long names with a hash that tells them apart', () => {
    const long = 'a'.repeat(60);

    expect(canaryName('checkout')).toBe('checkout-canary');
    expect(canaryName(long)).toHaveLength(52);
    expect(canaryName(long)).not.toBe(canaryName(`${long}b`));
    expect(baselineName('checkout')).toBe('checkout-baseline');
    expect(baselineName(long)).toHaveLength(52);
    expect(baselineName(long)).toMatch(/-[0-9a-f]{8}-baseline$/);
    expect(baselineName('a'.repeat(44))).not.toBe(baselineName('a'.repeat(45)));
  });

  it.each([
    [1, {}, 1],
    [3, {}, 1],
    [10, {}, 1],
    [11, {}, 2],
    [3, { percent: 50 }, 2],
    [0, {}, 1],
    [3, { replicas: 4 }, 4],
  ])('runs for %i replicas with %o %i pods', (replicas, wish, pods) => {
    expect(canaryReplicas(replicas, wish)).toBe(pods);
  });
});

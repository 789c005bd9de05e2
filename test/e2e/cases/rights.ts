import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { GATE_LABEL, INSTALL_NAMESPACE, SERVICE_ACCOUNT } from '../../../src/api/names.ts';
import { type KubeObject, type Pod, type ReplicaSet, resources } from '../../../src/kube/object.ts';
import { shopDeployment } from '../../app/shop.ts';
import { root } from '../../cluster/paths.ts';
import type { Case } from '../case.ts';
import { runKubectl, type Stage } from '../stage.ts';

/** What the operator's identity may do. */

interface Rule {
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  verbs: string[];
}

/** What every authenticated user may ask about itself. */
const ofEverybody = [
  'create authorization.k8s.io/selfsubjectaccessreviews',
  'create authorization.k8s.io/selfsubjectrulesreviews',
  'create authentication.k8s.io/selfsubjectreviews',
];

function flat(rules: Rule[]): string[] {
  return rules.flatMap(({ apiGroups = [], resources: names = [], resourceNames = [''], verbs }) =>
    apiGroups.flatMap((group) =>
      names.flatMap((name) =>
        verbs.flatMap((verb) => resourceNames.map((only) => `${verb} ${group}/${name} ${only}`.trim())),
      ),
    ),
  );
}

/** The rules that stand in the manifests. */
function listed(kind: string): string[] {
  const text = readFileSync(join(root, 'deploy/kustomize/base/rbac.yaml'), 'utf8');
  const objects = parseAllDocuments(text).map((document) => document.toJS() as KubeObject & { rules?: Rule[] });
  return flat(objects.filter((object) => object.kind === kind).flatMap((object) => object.rules ?? []));
}

/** The rules that the API server applies to the operator in a namespace. */
async function effective(namespace: string): Promise<string[]> {
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } };
  const input = JSON.stringify(review);
  const answer = await runKubectl(['create', '--validate=false', '-f', '-', '-o', 'json'], input, SERVICE_ACCOUNT);
  assert.equal(answer.code, 0, answer.stderr);
  const { status } = JSON.parse(answer.stdout) as { status: { resourceRules: Rule[] } };
  return flat(status.resourceRules);
}

function sameRights(actual: string[], expected: string[], where: string): void {
  const all = new Set(expected);
  const more = [...new Set(actual)].filter((item) => !all.has(item) && !ofEverybody.includes(item));
  assert.deepEqual(more, [], `${where}: rights that rbac.yaml does not list`);
  const less = expected.filter((item) => !actual.includes(item));
  assert.deepEqual(less, [], `${where}: rights that rbac.yaml lists and are not there`);
}

/** Never, whatever the manifests say. */
const forbidden: [verb: string, resource: string][] = [
  ['get', 'secrets'],
  ['list', 'secrets'],
  ['create', 'pods'],
  ['create', 'pods/exec'],
  ['create', 'pods/eviction'],
  ['create', 'replicasets'],
  ['patch', 'replicasets'],
  ['update', 'deployments'],
  ['patch', 'deployments/scale'],
  ['deletecollection', 'pods'],
  ['patch', 'canaryreleases'],
  ['delete', 'canaryreleases'],
  ['promote', 'canaryreleases'],
  ['list', 'configmaps'],
  ['update', 'configmaps'],
  ['delete', 'configmaps'],
  ['patch', 'services'],
  ['get', 'nodes'],
  ['create', 'serviceaccounts/token'],
  ['impersonate', 'users'],
  ['escalate', 'clusterroles'],
  ['bind', 'clusterroles'],
  ['update', 'mutatingadmissionpolicies'],
  ['delete', 'validatingadmissionpolicybindings'],
];

export async function may(stage: Stage, verb: string, resource: string, as: string): Promise<boolean> {
  const [name = '', subresource] = resource.split('/');
  const words = ['auth', 'can-i', verb, name, ...(subresource === undefined ? [] : [`--subresource=${subresource}`])];
  const answer = await stage.kubectl(words, { as, allowFailure: true });
  return answer.stdout.trim() === 'yes';
}

interface Attempt {
  what: string;
  args: string[];
  input?: object;
  /** Undefined: it is allowed. */
  refusal?: RegExp;
}

async function attempt(stage: Stage, { what, args, input, refusal }: Attempt): Promise<void> {
  const given = input === undefined ? {} : { input: JSON.stringify(input) };
  const answer = await stage.kubectl(args, { as: SERVICE_ACCOUNT, allowFailure: true, ...given });
  if (refusal === undefined) return assert.equal(answer.code, 0, `${what}: ${answer.stderr}`);
  assert.notEqual(answer.code, 0, `${what} is refused`);
  assert.match(answer.stderr, refusal, what);
}

function merge(kind: string, name: string, change: object): string[] {
  return ['patch', kind, name, '--type=merge', '-p', JSON.stringify(change)];
}

interface Live {
  stablePod: string;
  canaryPod: string;
  stableSet: string;
  owner: object;
}

async function live(stage: Stage): Promise<Live> {
  const { api, namespace } = stage;
  const release = await api.get(resources.canaryReleases, { namespace, name: 'shop' });
  const sets = await api.list<ReplicaSet>(resources.replicaSets, { namespace });
  const pods = await api.list<Pod>(resources.pods, { namespace });
  const nameOf = (items: KubeObject[], canary: boolean): string =>
    items.find((item) => 'tandem.dev/track' in (item.metadata.labels ?? {}) === canary)?.metadata.name ?? '';
  const { apiVersion, kind, metadata } = release;
  return {
    stablePod: nameOf(pods.items, false),
    canaryPod: nameOf(pods.items, true),
    stableSet: nameOf(sets.items, false),
    owner: { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true },
  };
}

const onlyOwn = /may change only spec.paused/;

/** Verbs that the operator has, for what the fence forbids. */
function fenceAttempts(stage: Stage, { stablePod, canaryPod, stableSet, owner }: Live): Attempt[] {
  const { namespace } = stage;
  const foreign = shopDeployment({ namespace, name: 'other', replicas: 1 });
  const tracked = { ...foreign, metadata: { ...foreign.metadata, labels: { 'tandem.dev/track': 'canary' } } };
  const template = { spec: { template: { metadata: { annotations: { try: 'x' } } } } };
  const disowned = { metadata: { ownerReferences: null } };
  const create = ['create', '--validate=false', '-f', '-'];
  return [
    { what: 'create a foreign Deployment', args: create, input: foreign, refusal: /may create only Deployments/ },
    { what: 'with a track label alone', args: create, input: tracked, refusal: /may create only Deployments/ },
    {
      what: 'owned by something else',
      args: create,
      input: { ...tracked, metadata: { ...tracked.metadata, ownerReferences: [{ ...owner, controller: false }] } },
      refusal: /may create only Deployments/,
    },
    {
      what: "change the target's template",
      args: merge('deployment', 'shop', template),
      refusal: /never changes a pod template/,
    },
    {
      what: "change a canary's template",
      args: merge('deployment', 'shop-canary', template),
      refusal: /never changes a pod template/,
    },
    {
      what: "change the target's replicas",
      args: merge('deployment', 'shop', { spec: { replicas: 9 } }),
      refusal: onlyOwn,
    },
    {
      what: "change the target's strategy",
      args: merge('deployment', 'shop', { spec: { minReadySeconds: 9 } }),
      refusal: onlyOwn,
    },
    {
      what: 'take a label of others',
      args: merge('deployment', 'shop', { metadata: { labels: { app: null } } }),
      refusal: onlyOwn,
    },
    {
      what: 'own the target',
      args: merge('deployment', 'shop', { metadata: { ownerReferences: [owner] } }),
      refusal: onlyOwn,
    },
    { what: 'disown the canary', args: merge('deployment', 'shop-canary', disowned), refusal: onlyOwn },
    { what: 'delete the target', args: ['delete', 'deployment', 'shop'], refusal: /may delete only Deployments/ },
    {
      what: 'orphan the canary',
      args: ['delete', 'deployment', 'shop-canary', '--cascade=orphan'],
      refusal: /may not orphan|leave out --cascade=orphan/,
    },
    {
      what: 'delete the serving ReplicaSet',
      args: ['delete', 'replicaset', stableSet],
      refusal: /may delete only ReplicaSets/,
    },
    { what: 'delete a pod of stable', args: ['delete', 'pod', stablePod], refusal: /only pods of its own tracks/ },
    {
      what: 'take a pod of stable',
      args: ['label', 'pod', stablePod, 'tandem.dev/track=canary'],
      refusal: /only pods of its own tracks/,
    },
    { what: 'relabel a canary pod', args: ['label', 'pod', canaryPod, 'a=b'], refusal: /may take labels off/ },
    {
      what: 'change the image of a canary pod',
      args: [
        'patch',
        'pod',
        canaryPod,
        '--type=json',
        '-p',
        '[{"op":"replace","path":"/spec/containers/0/image","value":"x"}]',
      ],
      refusal: /nothing of a pod's spec/,
    },
    {
      what: 'create a ConfigMap that holds no reports',
      args: create,
      input: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name: 'settings' } },
      refusal: /only ConfigMaps with reports/,
    },
    {
      what: 'change a ConfigMap of others',
      args: merge('configmap', 'kube-root-ca.crt', { metadata: { labels: { 'tandem.dev/reports': 'true' } } }),
      refusal: /ConfigMaps/,
    },
    { what: 'exec', args: ['exec', canaryPod, '--', 'true'], refusal: /cannot (create|get) resource "pods\/exec"/ },
    { what: 'read secrets', args: ['get', 'secrets'], refusal: /cannot list resource "secrets"/ },
    {
      what: 'scale the target',
      args: ['scale', 'deployment/shop', '--replicas=1'],
      refusal: /cannot (get|patch|update) resource "deployments\/scale"/,
    },
    {
      what: 'change the spec of a release',
      args: merge('canaryrelease', 'shop', { spec: { suspend: true } }),
      refusal: /cannot patch resource "canaryreleases"/,
    },
  ];
}

/** What the operator needs is not in the way of the fence. */
function allowedAttempts(): Attempt[] {
  const dryRun = ['--dry-run=server'];
  return [
    { what: 'the proof of the gate', args: [...merge('deployment', 'shop', { spec: { paused: null } }), ...dryRun] },
    {
      what: 'its own annotation',
      args: [...merge('deployment', 'shop', { metadata: { annotations: { 'tandem.dev/x': '1' } } }), ...dryRun],
    },
    {
      what: 'the replicas of its canary',
      args: [...merge('deployment', 'shop-canary', { spec: { replicas: 2 } }), ...dryRun],
    },
    { what: 'the end of its canary', args: ['delete', 'deployment', 'shop-canary', ...dryRun] },
  ];
}

export const rightsCases: Case[] = [
  {
    name: 'operator-rights',
    ci: true,
    proves: "the operator's service account has the verbs of rbac.yaml and no other, and its fence holds",
    load: 15,
    async run(stage) {
      const here = listed('ClusterRole');
      sameRights(await effective(stage.namespace), here, 'any namespace');
      sameRights(await effective(INSTALL_NAMESPACE), [...here, ...listed('Role')], INSTALL_NAMESPACE);
      for (const [verb, resource] of forbidden)
        assert.equal(await may(stage, verb, resource, SERVICE_ACCOUNT), false, `may not ${verb} ${resource}`);
      await stage.deploy({ version: 'v1', replicas: 2 });
      await stage.adopt({ analysis: { minDuration: '10m' } });
      const before = await stage.stablePods();
      await stage.release({ version: 'v2' });
      await stage.waitPhase('Analyzing');
      const attempts = fenceAttempts(stage, await live(stage));
      for (const one of [...attempts, ...allowedAttempts()]) await attempt(stage, one);
      stage.facts['rights'] = here.length;
      stage.facts['refused'] = attempts.length + forbidden.length;
      assert.deepEqual(await stage.stablePods(), before);
      assert.equal((await stage.target()).metadata.labels?.[GATE_LABEL], 'holding');
    },
  },
];

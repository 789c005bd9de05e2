import { type KubeObject, type LabelSelector, resources } from '../../kube/object.ts';
import { asFields, asList, at, ensure, equal, type Fields, isFields, setDefault } from '../json.ts';
import { isEmptySelector, matchesAll } from '../selectors.ts';
import type { Problem } from '../server/failures.ts';
import { containerPartProblems } from './container-problems.ts';
import { defineKind, type Kind } from './kind.ts';
import { dropEmpty } from './normalise.ts';
import { defaultPod, defaultPodSpec } from './pod-defaults.ts';

function required(path: string): Problem {
  return { path, message: 'Required value' };
}

function containerProblems(podSpec: unknown, path: string): Problem[] {
  const containers = asList(asFields(podSpec)['containers']);
  if (containers.length === 0) return [required(`${path}.containers`)];
  const names = new Set<unknown>();
  return containers.flatMap((container, index) => {
    const { name, image } = asFields(container);
    const here = `${path}.containers[${index}]`;
    const problems: Problem[] = [];
    if (typeof name !== 'string') problems.push(required(`${here}.name`));
    else if (names.has(name)) problems.push({ path: `${here}.name`, message: `Duplicate value: "${name}"` });
    if (typeof image !== 'string' || image === '') problems.push(required(`${here}.image`));
    problems.push(...containerPartProblems(asFields(container), asFields(podSpec), here));
    names.add(name);
    return problems;
  });
}

function selectorProblems(object: KubeObject, old: KubeObject | undefined): Problem[] {
  const selector = at(object, 'spec', 'selector');
  const missing = !isFields(selector) || isEmptySelector(selector as LabelSelector);
  if (old !== undefined && !equal(selector, at(old, 'spec', 'selector'))) {
    const value = JSON.stringify(selector);
    return [{ path: 'spec.selector', message: `Invalid value: ${value}: field is immutable` }];
  }
  const labels = at(object, 'spec', 'template', 'metadata', 'labels');
  if (!missing && matchesAll(selector as LabelSelector, asFields(labels) as Record<string, string>)) return [];
  const value = JSON.stringify(labels ?? null);
  const message = `Invalid value: ${value}: \`selector\` does not match template \`labels\``;
  const mismatch = { path: 'spec.template.metadata.labels', message };
  return missing ? [required('spec.selector'), mismatch] : [mismatch];
}

function replicaProblems(object: KubeObject): Problem[] {
  const replicas = at(object, 'spec', 'replicas');
  if (typeof replicas === 'number' && Number.isInteger(replicas) && replicas >= 0) return [];
  const message = `Invalid value: ${JSON.stringify(replicas)}: must be greater than or equal to 0`;
  return [{ path: 'spec.replicas', message }];
}

function isZero(value: unknown): boolean {
  return value === 0 || value === '0' || value === '0%';
}

function strategyProblems(object: KubeObject): Problem[] {
  const path = 'spec.strategy.rollingUpdate';
  const { type, rollingUpdate } = asFields(at(object, 'spec', 'strategy'));
  if (type === 'Recreate') {
    if (rollingUpdate === undefined) return [];
    return [{ path, message: "Forbidden: may not be specified when strategy `type` is 'Recreate'" }];
  }
  const { maxSurge, maxUnavailable } = asFields(rollingUpdate);
  if (!isZero(maxSurge) || !isZero(maxUnavailable)) return [];
  const message = 'Invalid value: 0: may not be 0 when `maxSurge` is 0';
  return [{ path: `${path}.maxUnavailable`, message }];
}

function workloadProblems(object: KubeObject, old: KubeObject | undefined): Problem[] {
  return [
    ...replicaProblems(object),
    ...selectorProblems(object, old),
    ...containerProblems(at(object, 'spec', 'template', 'spec'), 'spec.template.spec'),
  ];
}

/** A policy may have made the paused field `true` and others left theirs; dropping and defaulting can be repeated. */
function normaliseTemplate(object: KubeObject): Fields {
  dropEmpty(object);
  const spec = ensure(object, 'spec');
  setDefault(spec, 'replicas', 1);
  const template = ensure(spec, 'template');
  ensure(template, 'metadata');
  defaultPodSpec(ensure(template, 'spec'));
  return spec;
}

function normaliseDeployment(object: KubeObject): void {
  const spec = normaliseTemplate(object);
  const strategy = ensure(spec, 'strategy');
  setDefault(strategy, 'type', 'RollingUpdate');
  if (strategy['type'] === 'RollingUpdate') {
    const rolling = ensure(strategy, 'rollingUpdate');
    setDefault(rolling, 'maxUnavailable', '25%');
    setDefault(rolling, 'maxSurge', '25%');
  }
  setDefault(spec, 'revisionHistoryLimit', 10);
  setDefault(spec, 'progressDeadlineSeconds', 600);
  ensure(object, 'status');
}

function podProblems(object: KubeObject, old: KubeObject | undefined): Problem[] {
  if (old === undefined) return containerProblems(object['spec'], 'spec');
  const images = (spec: unknown): unknown =>
    asList(asFields(spec)['containers']).map((container) => ({ ...asFields(container), image: '' }));
  const withoutNode = (spec: unknown): Fields => ({ ...asFields(spec), containers: images(spec), nodeName: '' });
  const fixed = (spec: unknown): Fields => ({ ...withoutNode(spec), tolerations: [], activeDeadlineSeconds: 0 });
  if (equal(fixed(object['spec']), fixed(old['spec']))) return [];
  return [{ path: 'spec', message: 'Forbidden: pod updates may not change fields other than the images' }];
}

const TEMPLATE = { metadata: {}, spec: { containers: null } };

export const deployments: Kind = defineKind(resources.deployments, {
  empty: { spec: { selector: null, strategy: {}, template: TEMPLATE } },
  status: true,
  scale: true,
  generation: 'specOrAnnotations',
  statusKeepsAnnotations: true,
  tracked: true,
  normalise: normaliseDeployment,
  validate: (object, old) => [...workloadProblems(object, old), ...strategyProblems(object)],
});

export const replicaSets: Kind = defineKind(resources.replicaSets, {
  empty: { spec: { selector: null, template: TEMPLATE } },
  status: true,
  scale: true,
  generation: 'spec',
  normalise: (object) => {
    normaliseTemplate(object);
    setDefault(ensure(object, 'status'), 'replicas', 0);
  },
  validate: workloadProblems,
});

export const pods: Kind = defineKind(resources.pods, {
  status: true,
  generation: 'spec',
  normalise: (object) => {
    dropEmpty(object);
    defaultPod(ensure(object, 'spec'));
    setDefault(ensure(object, 'status'), 'phase', 'Pending');
  },
  prepareCreate: (object) => {
    object['status'] = { phase: 'Pending', qosClass: qosClass(object) };
  },
  validate: podProblems,
});

function qosClass(pod: KubeObject): string {
  const all = asList(at(pod, 'spec', 'containers')).map((container) => asFields(asFields(container)['resources']));
  if (all.every((given) => given['limits'] === undefined && given['requests'] === undefined)) return 'BestEffort';
  const guaranteed = all.every((given) => {
    const limits = asFields(given['limits']);
    return limits['cpu'] !== undefined && limits['memory'] !== undefined && equal(limits, given['requests']);
  });
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

import type fc from 'fast-check';
import type { Fields } from '../../../../src/sandbox/json.ts';
import * as bodies from './bodies.ts';

/** What is generated for one kind. */
export interface Topic {
  name: string;
  apiVersion: string;
  kind: string;
  plural: string;
  /** Whole objects, without kind and name. */
  whole: fc.Arbitrary<Fields>;
  /** Parts of objects, for patches and applies. */
  partial: fc.Arbitrary<Fields>;
  builtin: boolean;
  status: boolean;
  scale: boolean;
  /** Places where odd values are put. */
  odd: string[];
}

/** The group of the kind that is made for these sequences (widgets.yaml). */
export const WIDGETS = 'differential.tandem.dev';

const METADATA = [
  'metadata.labels',
  'metadata.labels.tier',
  'metadata.annotations.note',
  'metadata.finalizers',
  'extra',
];

export const topics: Topic[] = [
  {
    name: 'deployment',
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    plural: 'deployments',
    whole: bodies.deployment,
    partial: bodies.partialDeployment,
    builtin: true,
    status: false,
    scale: true,
    odd: [
      ...METADATA,
      'spec',
      'spec.replicas',
      'spec.paused',
      'spec.extra',
      'spec.selector',
      'spec.strategy',
      'spec.strategy.type',
      'spec.strategy.rollingUpdate.maxSurge',
      'spec.template',
      'spec.template.metadata.labels',
      'spec.template.spec',
      'spec.template.spec.containers',
      'spec.template.spec.containers.0',
      'spec.template.spec.containers.0.name',
      'spec.template.spec.containers.0.image',
      'spec.template.spec.containers.0.env',
      'spec.template.spec.containers.0.env.0.value',
      'spec.template.spec.containers.0.env.0.name',
      'spec.template.spec.containers.0.ports.0.containerPort',
      'spec.template.spec.containers.0.ports.0.protocol',
      'spec.template.spec.containers.0.resources.limits.cpu',
      'spec.template.spec.containers.0.imagePullPolicy',
      'spec.template.spec.containers.0.extra',
      'spec.template.spec.restartPolicy',
      'spec.template.spec.terminationGracePeriodSeconds',
      'spec.template.spec.dnsPolicy',
      'spec.minReadySeconds',
      'spec.progressDeadlineSeconds',
    ],
  },
  {
    name: 'configmap',
    apiVersion: 'v1',
    kind: 'ConfigMap',
    plural: 'configmaps',
    whole: bodies.configMap,
    partial: bodies.configMap,
    builtin: true,
    status: false,
    scale: false,
    odd: [...METADATA, 'data', 'data.a', 'data.bad key', 'immutable', 'binaryData.raw', 'binaryData.a'],
  },
  {
    name: 'secret',
    apiVersion: 'v1',
    kind: 'Secret',
    plural: 'secrets',
    whole: bodies.secret,
    partial: bodies.secret,
    builtin: true,
    status: false,
    scale: false,
    odd: [...METADATA, 'data', 'data.a', 'type', 'stringData.a', 'immutable'],
  },
  {
    name: 'service',
    apiVersion: 'v1',
    kind: 'Service',
    plural: 'services',
    whole: bodies.service,
    partial: bodies.service,
    builtin: true,
    status: false,
    scale: false,
    odd: [
      ...METADATA,
      'spec.type',
      'spec.selector',
      'spec.selector.app',
      'spec.ports',
      'spec.ports.0.port',
      'spec.ports.0.name',
      'spec.ports.0.targetPort',
      'spec.ports.0.protocol',
      'spec.sessionAffinity',
      'spec.extra',
    ],
  },
  {
    name: 'widget',
    apiVersion: `${WIDGETS}/v1`,
    kind: 'Widget',
    plural: 'widgets',
    whole: bodies.widget,
    partial: bodies.widget,
    builtin: false,
    status: true,
    scale: true,
    odd: [
      ...METADATA,
      'spec',
      'spec.size',
      'spec.title',
      'spec.mode',
      'spec.replicas',
      'spec.parts',
      'spec.parts.0',
      'spec.parts.0.name',
      'spec.tags',
      'spec.limits',
      'spec.limits.cpu',
      'spec.anything',
      'spec.nested',
      'spec.nested.level',
      'spec.whole',
      'spec.extra',
      'status.phase',
    ],
  },
];

/** Which topics there are by name; without names all. */
export function topicsOf(names: string[]): Topic[] {
  if (names.length === 0) return topics;
  const chosen = topics.filter(({ name }) => names.includes(name));
  if (chosen.length === names.length) return chosen;
  throw new Error(`--kind is one of ${topics.map(({ name }) => name).join(', ')}`);
}

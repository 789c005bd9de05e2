import type { KubeObject } from '../../kube/object.ts';
import { resources } from '../../kube/object.ts';
import { asFields, asList, asText, at, ensure, equal, type Fields, isFields, setDefault } from '../json.ts';
import { fnv32a } from '../random.ts';
import type { Problem } from '../server/failures.ts';
import { labelProblems } from '../server/metadata.ts';
import { defineKind, type Kind } from './kind.ts';
import { dropEmpty } from './normalise.ts';

const AFFINITY_SECONDS = 10_800;
const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const ADDRESSES = ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'];
const PORT_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const MAX_PORT = 65_535;

function normalise(object: KubeObject): void {
  dropEmpty(object);
  const spec = ensure(object, 'spec');
  if (isFields(spec['selector']) && Object.keys(spec['selector']).length === 0) delete spec['selector'];
  if (spec['publishNotReadyAddresses'] === false) delete spec['publishNotReadyAddresses'];
  if (!spec['type']) spec['type'] = 'ClusterIP';
  if (!spec['sessionAffinity']) spec['sessionAffinity'] = 'None';
  if (spec['type'] !== 'ExternalName') setDefault(spec, 'internalTrafficPolicy', 'Cluster');
  if (isOpen(spec)) setDefault(spec, 'externalTrafficPolicy', 'Cluster');
  if (spec['sessionAffinity'] === 'None') delete spec['sessionAffinityConfig'];
  if (spec['sessionAffinity'] === 'ClientIP') {
    setDefault(ensure(ensure(spec, 'sessionAffinityConfig'), 'clientIP'), 'timeoutSeconds', AFFINITY_SECONDS);
  }
  for (const port of asList(spec['ports'])) if (isFields(port)) normalisePort(port);
  ensure(ensure(object, 'status'), 'loadBalancer');
}

function normalisePort(port: Fields): void {
  if (port['name'] === '') delete port['name'];
  if (!port['protocol']) port['protocol'] = 'TCP';
  if (!port['targetPort']) port['targetPort'] = port['port'] ?? 0;
}

/** Whether it has ports on every node. */
function isOpen(spec: Fields): boolean {
  return spec['type'] === 'NodePort' || spec['type'] === 'LoadBalancer';
}

/** An address of the range that clusters have by default: always the same for the same Service. */
function addressOf(object: KubeObject): string {
  const hash = fnv32a(`${object.metadata.namespace ?? ''}/${object.metadata.name}`);
  return `10.${96 + ((hash >>> 16) & 15)}.${(hash >>> 8) & 255}.${1 + (hash % 254)}`;
}

function allocate(object: KubeObject): void {
  const spec = ensure(object, 'spec');
  if (spec['type'] === 'ExternalName') return;
  if (!spec['clusterIP']) spec['clusterIP'] = addressOf(object);
  setDefault(spec, 'clusterIPs', [spec['clusterIP']]);
  const both = spec['clusterIP'] === 'None' && spec['selector'] === undefined;
  setDefault(spec, 'ipFamilies', both ? ['IPv4', 'IPv6'] : ['IPv4']);
  setDefault(spec, 'ipFamilyPolicy', both ? 'RequireDualStack' : 'SingleStack');
  if (!isOpen(spec)) return;
  for (const port of asList(spec['ports'])) {
    if (isFields(port))
      setDefault(port, 'nodePort', 30_000 + (fnv32a(`${addressOf(object)}/${asText(port['port'])}`) % 2768));
  }
}

/** What was allocated stays where a client leaves it out. */
function keep(object: KubeObject, current: KubeObject): void {
  const spec = ensure(object, 'spec');
  const before = asFields(current['spec']);
  if (spec['type'] === 'ExternalName' || before['type'] === 'ExternalName') return;
  for (const field of ADDRESSES) if (!spec[field]) setDefault(spec, field, before[field]);
  if (!spec['clusterIP']) spec['clusterIP'] = before['clusterIP'];
}

function isPort(value: unknown): boolean {
  return typeof value === 'number' && value >= 1 && value <= MAX_PORT;
}

function isTarget(value: unknown): boolean {
  if (typeof value !== 'string') return isPort(value);
  return /^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/.test(value) && /[a-z]/.test(value) && !value.includes('--');
}

function portProblems(port: Fields, index: number, all: unknown[]): Problem[] {
  const path = `spec.ports[${index}]`;
  const { name, protocol, targetPort } = port;
  const problems: Problem[] = [];
  const earlier = all.slice(0, index).map(asFields);
  if (name === undefined && all.length > 1) problems.push({ path: `${path}.name`, message: 'Required value' });
  if (typeof name === 'string') {
    if (!PORT_NAME.test(name))
      problems.push({
        path: `${path}.name`,
        message: `Invalid value: "${name}": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'`,
      });
    else if (earlier.some((other) => other['name'] === name))
      problems.push({ path: `${path}.name`, message: `Duplicate value: "${name}"` });
  }
  if (!isPort(port['port'])) {
    const message = `Invalid value: ${asText(port['port'], '0')}: must be between 1 and 65535, inclusive`;
    problems.push({ path: `${path}.port`, message });
  }
  if (!PROTOCOLS.includes(asText(protocol))) {
    const message = `Unsupported value: "${asText(protocol)}": supported values: "SCTP", "TCP", "UDP"`;
    problems.push({ path: `${path}.protocol`, message });
  }
  if (!isTarget(targetPort)) {
    problems.push({
      path: `${path}.targetPort`,
      message: `Invalid value: ${JSON.stringify(targetPort)}: must be a port or its name`,
    });
  }
  if (earlier.some((other) => other['port'] === port['port'] && other['protocol'] === protocol)) {
    problems.push({ path, message: `Duplicate value: ${JSON.stringify(port)}` });
  }
  return problems;
}

function oneOf(value: unknown, allowed: string[], path: string): Problem[] {
  if (allowed.includes(asText(value))) return [];
  const names = allowed.map((name) => JSON.stringify(name)).join(', ');
  return [{ path, message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${names}` }];
}

function validate(object: KubeObject, old: KubeObject | undefined): Problem[] {
  const spec = asFields(object['spec']);
  const ports = asList(spec['ports']);
  const needsPorts = spec['type'] !== 'ExternalName' && spec['clusterIP'] !== 'None';
  const before = at(old, 'spec', 'clusterIP');
  const moved =
    before !== undefined &&
    at(old, 'spec', 'type') !== 'ExternalName' &&
    spec['type'] !== 'ExternalName' &&
    !equal(before, spec['clusterIP']);
  return [
    ...(ports.length === 0 && needsPorts ? [{ path: 'spec.ports', message: 'Required value' }] : []),
    ...ports.flatMap((port, index) => portProblems(asFields(port), index, ports)),
    ...labelProblems(spec['selector'] as Record<string, string> | undefined, 'spec.selector'),
    ...oneOf(spec['sessionAffinity'], ['ClientIP', 'None'], 'spec.sessionAffinity'),
    ...oneOf(spec['type'], TYPES, 'spec.type'),
    ...(moved
      ? [
          {
            path: 'spec.clusterIPs[0]',
            message: `Invalid value: ${JSON.stringify(spec['clusterIPs'])}: may not change once set`,
          },
        ]
      : []),
  ];
}

function warn(object: KubeObject): string[] {
  const { clusterIP, sessionAffinity } = asFields(object['spec']);
  return clusterIP === 'None' && sessionAffinity === 'ClientIP'
    ? ['spec.SessionAffinity is ignored for headless services']
    : [];
}

export const services: Kind = defineKind(resources.services, {
  status: true,
  tracked: true,
  empty: { spec: {}, status: { loadBalancer: {} } },
  normalise,
  allocate,
  keep,
  validate,
  warn,
});

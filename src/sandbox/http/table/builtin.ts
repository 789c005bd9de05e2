import { type KubeObject, type LabelSelector, resources } from '../../../kube/object.ts';
import { asFields, at } from '../../json.ts';
import type { Served } from '../served.ts';
import {
  ageColumn,
  type Column,
  column,
  formatLabels,
  integer,
  listAt,
  nameColumn,
  numberAt,
  textAt,
  wide,
} from './column.ts';
import { eventColumns } from './events.ts';
import { podColumns } from './pods.ts';

function containerTexts(object: KubeObject, field: string): string {
  return listAt(object, 'spec', 'template', 'spec', 'containers')
    .map((container) => textAt(container, field))
    .join(',');
}

function formatSelector(object: KubeObject): string {
  const selector = asFields(at(object, 'spec', 'selector')) as LabelSelector;
  const equal = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const others = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator.toLowerCase()} (${values.toSorted().join(',')})`;
  });
  return [...equal, ...others].toSorted().join(',') || '<none>';
}

const templateColumns = [
  wide('Containers', (object) => containerTexts(object, 'name')),
  wide('Images', (object) => containerTexts(object, 'image')),
  wide('Selector', formatSelector),
];

function portsOf(service: KubeObject): string {
  const ports = listAt(service, 'spec', 'ports').map((port) => {
    const node = numberAt(port, 'nodePort');
    return `${numberAt(port, 'port')}${node > 0 ? `:${node}` : ''}/${textAt(port, 'protocol')}`;
  });
  return ports.join(',') || '<none>';
}

function externalOf(service: KubeObject): string {
  const own = listAt(service, 'spec', 'externalIPs').map(String).join(',');
  const type = textAt(service, 'spec', 'type');
  if (type === 'ExternalName') return textAt(service, 'spec', 'externalName');
  return own || (type === 'LoadBalancer' ? '<pending>' : '<none>');
}

const shownEndpoints = 3;

function endpointsOf(slice: KubeObject): string {
  const addresses = listAt(slice, 'endpoints').flatMap((endpoint) => listAt(endpoint, 'addresses').map(String));
  const more = addresses.length > shownEndpoints ? ` + ${addresses.length - shownEndpoints} more...` : '';
  return addresses.slice(0, shownEndpoints).join(',') + more || '<unset>';
}

function slicePorts(slice: KubeObject): string {
  const numbers = listAt(slice, 'ports').map((port) => numberAt(port, 'port'));
  return numbers.join(',') || '<unset>';
}

function dataCount(object: KubeObject): number {
  return Object.keys(asFields(object['data'])).length + Object.keys(asFields(object['binaryData'])).length;
}

const unsetParam = column('ParamKind', () => '<unset>');
const bindingColumns = [
  nameColumn,
  column('PolicyName', (object) => textAt(object, 'spec', 'policyName')),
  column('ParamRef', () => '<unset>'),
  ageColumn,
];

function policyColumns(name: string, field: string): Column[] {
  return [nameColumn, integer(name, (object) => listAt(object, 'spec', field).length), unsetParam, ageColumn];
}

const COLUMNS: Record<string, Column[]> = {
  [resources.pods.plural]: podColumns,
  [resources.events.plural]: eventColumns,
  [resources.deployments.plural]: [
    nameColumn,
    column(
      'Ready',
      (object) => `${numberAt(object, 'status', 'readyReplicas')}/${numberAt(object, 'spec', 'replicas')}`,
    ),
    column('Up-to-date', (object) => numberAt(object, 'status', 'updatedReplicas')),
    column('Available', (object) => numberAt(object, 'status', 'availableReplicas')),
    ageColumn,
    ...templateColumns,
  ],
  [resources.replicaSets.plural]: [
    nameColumn,
    integer('Desired', (object) => numberAt(object, 'spec', 'replicas')),
    integer('Current', (object) => numberAt(object, 'status', 'replicas')),
    integer('Ready', (object) => numberAt(object, 'status', 'readyReplicas')),
    ageColumn,
    ...templateColumns,
  ],
  [resources.services.plural]: [
    nameColumn,
    column('Type', (object) => textAt(object, 'spec', 'type')),
    column('Cluster-IP', (object) => textAt(object, 'spec', 'clusterIP') || '<none>'),
    column('External-IP', externalOf),
    column('Port(s)', portsOf),
    ageColumn,
    wide('Selector', (object) => formatLabels(at(object, 'spec', 'selector'))),
  ],
  endpointslices: [
    nameColumn,
    column('AddressType', (object) => textAt(object, 'addressType')),
    column('Ports', slicePorts),
    column('Endpoints', endpointsOf),
    ageColumn,
  ],
  [resources.namespaces.plural]: [
    nameColumn,
    column('Status', (object) => textAt(object, 'status', 'phase')),
    ageColumn,
  ],
  [resources.configMaps.plural]: [nameColumn, column('Data', dataCount), ageColumn],
  secrets: [nameColumn, column('Type', (object) => textAt(object, 'type')), column('Data', dataCount), ageColumn],
  serviceaccounts: [nameColumn, ageColumn],
  [resources.leases.plural]: [
    nameColumn,
    column('Holder', (object) => textAt(object, 'spec', 'holderIdentity')),
    ageColumn,
  ],
  [resources.persistentVolumeClaims.plural]: [
    nameColumn,
    column('Status', (object) => textAt(object, 'status', 'phase')),
    column('Volume', (object) => textAt(object, 'spec', 'volumeName')),
    column('StorageClass', (object) => textAt(object, 'spec', 'storageClassName')),
    ageColumn,
  ],
  validatingadmissionpolicies: policyColumns('Validations', 'validations'),
  mutatingadmissionpolicies: policyColumns('Mutations', 'mutations'),
  validatingadmissionpolicybindings: bindingColumns,
  mutatingadmissionpolicybindings: bindingColumns,
};

const otherColumns = [
  nameColumn,
  column('Created At', ({ metadata }) => metadata.creationTimestamp ?? '', { type: 'date' }),
];

/** The columns of one of Kubernetes' own kinds; name and time where it has none of its own. */
export function builtinColumns({ plural }: Served): Column[] {
  return COLUMNS[plural] ?? otherColumns;
}

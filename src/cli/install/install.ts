import { stringify } from 'yaml';
import { INSTALL_NAMESPACE } from '../../api/names.ts';
import type { KubeApi } from '../../kube/api.ts';
import { findObject } from '../../kube/find.ts';
import { type Container, type Deployment, type KubeObject, resources } from '../../kube/object.ts';
import { readConfig } from '../../operator/config.ts';
import { CliError, type ExitCode, exitCodes } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { formatData } from '../output.ts';
import { version } from '../version.ts';
import { baseFiles } from './base-files.ts';
import { formatFields } from './changes.ts';
import { nameOf, place, refOf } from './cluster.ts';
import { assertNobodyElse } from './owner.ts';
import { applyAll, type Change, installedConfig, mountedConfig, planInstall } from './plan.ts';
import { waitUntilReady } from './ready.ts';
import {
  CONFIG_NAME,
  configText,
  isConfig,
  isOperator,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  OPERATOR_NAME,
  render,
} from './render.ts';

/** What a person asks of `tandem install`. */
export interface InstallRequest {
  namespace: string;
  image?: string;
  replicas?: number;
  /** Text of a configuration of the operator. */
  config?: string;
  prometheusUrl?: string;
  takeOwnership: boolean;
  dryRun: boolean;
  wait: boolean;
  /** Of `wait`. */
  timeoutSeconds: number;
}

/** The objects as a file for a repository; nothing of a cluster is asked. */
export function printInstall(request: InstallRequest, format: 'yaml' | 'json'): string {
  const objects = rendered(request);
  if (format === 'yaml') return objects.map((object) => stringify(object, { lineWidth: 0 })).join('---\n');
  return formatData({ apiVersion: 'v1', kind: 'List', metadata: {}, items: objects }, 'json');
}

/** Installs or upgrades Tandem, or says what that would change. Throws CliError; nothing is written before all is asked. */
export async function install(io: CliIo, api: KubeApi, request: InstallRequest): Promise<ExitCode> {
  const operator = await findObject<Deployment>(api, resources.deployments, operatorRef(request));
  if (operator !== undefined) assertNobodyElse([operator], 'change');
  const asked = await keepWhatIsThere(io, api, request, operator);
  const placed = await place(api, rendered(asked));
  assertNobodyElse(
    placed.flatMap(({ live }) => live ?? []),
    'change',
  );
  const changes = await planInstall(api, placed, asked);
  io.stdout(formatChanges(changes, asked.dryRun));
  if (asked.dryRun) return exitCodes.ok;
  await applyAll(api, changes, asked.takeOwnership);
  await removeOldConfigs(api, asked.namespace, [
    ...placed.filter(({ wanted }) => isConfig(wanted)).map(({ wanted }) => wanted.metadata.name),
    ...(operator === undefined ? [] : [mountedConfig(operator) ?? '']),
  ]);
  if (asked.wait) await waitUntilReady(io, api, asked.namespace, asked.timeoutSeconds);
  io.stdout(nextSteps(io.program, asked, operator === undefined));
  return exitCodes.ok;
}

const operatorRef = ({ namespace }: InstallRequest): { namespace: string; name: string } => ({
  namespace,
  name: OPERATOR_NAME,
});

function rendered(request: InstallRequest): KubeObject[] {
  const objects = render(baseFiles(), { ...request, version });
  const config = objects.find(isConfig);
  try {
    // As the operator will read it: what it would refuse is refused here.
    readConfig(['--config', 'config.yaml'], {}, () => configText(config ?? objectless) ?? '');
  } catch (error) {
    const message = error instanceof Error ? error.message.replace('--config config.yaml: ', '') : String(error);
    throw new CliError(exitCodes.usage, `the configuration of the operator: ${message}`, 'nothing was written');
  }
  return objects;
}

const objectless: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: CONFIG_NAME } };

/** An upgrade keeps the image, the replicas and the configuration that are there where nothing else is asked for. */
async function keepWhatIsThere(
  io: CliIo,
  api: KubeApi,
  request: InstallRequest,
  operator: Deployment | undefined,
): Promise<InstallRequest> {
  if (operator === undefined) {
    if (request.image === undefined) io.stderr(`note: ${noImage()}\n`);
    return request;
  }
  const present = await installedConfig(api, operator);
  const config = present === undefined ? undefined : configText(present);
  const image = operatorContainer(operator)?.image;
  if (request.image === undefined && image !== undefined)
    io.stderr(`note: the image stays ${image}; --image names another one\n`);
  return {
    ...(image === undefined ? {} : { image }),
    ...(operator.spec.replicas === undefined ? {} : { replicas: operator.spec.replicas }),
    ...(config === undefined ? {} : { config }),
    ...request,
  };
}

function noImage(): string {
  const operator = render(baseFiles(), { namespace: INSTALL_NAMESPACE, version }).find(isOperator) as Deployment;
  const image = operatorContainer(operator)?.image ?? '';
  return `the image is ${image}, which the nodes must have already; --image names one in your registry`;
}

function operatorContainer({ spec }: Deployment): Container | undefined {
  return spec.template.spec.containers.find(({ name }) => name === OPERATOR_NAME);
}

/** Configurations of installations before the last one: pods of the last one may still start with theirs. */
async function removeOldConfigs(api: KubeApi, namespace: string, kept: string[]): Promise<void> {
  const labelSelector = `${MANAGED_BY_LABEL}=${MANAGED_BY}`;
  const { items } = await api.list<KubeObject>(resources.configMaps, { namespace, labelSelector });
  const old = items.filter(
    ({ metadata }) => metadata.name.startsWith(`${CONFIG_NAME}-`) && !kept.includes(metadata.name),
  );
  for (const one of old) await api.delete(resources.configMaps, { namespace, ...refOf(one) });
}

function formatChanges(changes: Change[], dryRun: boolean): string {
  const lines = changes
    .filter(({ kind }) => kind !== 'Unchanged')
    .map(({ placed, kind, fields }) => {
      const what = kind === 'Created' ? 'new' : `changes: ${formatFields(fields)}`;
      return `${nameOf(placed.wanted)}   ${what}\n`;
    });
  const unchanged = changes.length - lines.length;
  const rest = unchanged === 0 ? '' : `${unchanged} objects stay as they are\n`;
  const note = dryRun ? 'dry run: nothing was written\n' : '';
  return `${lines.join('')}${rest}${note}`;
}

function nextSteps(program: string, { namespace, wait }: InstallRequest, isNew: boolean): string {
  const state = wait
    ? `Tandem ${version} is ready in namespace ${namespace}, and the gate is in force.`
    : `Tandem ${version} is applied in namespace ${namespace}.`;
  const look = wait ? '' : `  is it ready?   ${program} install -n ${namespace} --wait\n`;
  if (!isNew) return `${state}\n${look}`;
  return `${state}\n${look}  next: name a Deployment that it shall test
    kubectl apply -f - <<EOF
    apiVersion: tandem.dev/v1alpha1
    kind: CanaryRelease
    metadata: {name: NAME, namespace: NAMESPACE}
    spec: {targetRef: {name: DEPLOYMENT}}
    EOF
  then look:     ${program} status NAME -n NAMESPACE
`;
}

import { INSTALL_NAMESPACE } from '../api/names.ts';
import type { KubeApi } from '../kube/api.ts';
import { type Deployment, type KubeObject, resources } from '../kube/object.ts';
import { sleep } from '../lib/clock.ts';
import { type ExitCode, exitCodes, toCliError } from './exit.ts';
import type { CliIo } from './io.ts';
import { formatData } from './output.ts';
import { type GlobalOptions, withCluster } from './run.ts';
import { version } from './version.ts';

/** What is known of the operator in the cluster. */
interface OperatorVersion {
  namespace: string;
  /** Of the object's label, else the tag of the image. */
  version: string;
  image: string;
  ready: string;
}

const OPERATOR = 'tandem';
/** A person who asks for a version does not wait for a cluster that is away. */
const patienceMs = 5000;

/** Never fails for want of a cluster: then it says why the operator's version is not known. */
export async function runVersion(io: CliIo, options: GlobalOptions): Promise<ExitCode> {
  const client = { version, node: process.version };
  const operator = options.client === true ? undefined : await operatorVersion(io, options);
  if (options.output === 'json' || options.output === 'yaml') {
    io.stdout(formatData(operator === undefined ? client : { ...client, operator }, options.output));
    return exitCodes.ok;
  }
  io.stdout(`tandem ${client.version} (Node ${client.node})\n`);
  if (operator !== undefined) io.stdout(`${sentence(operator)}\n`);
  return exitCodes.ok;
}

type Answer = OperatorVersion | { problem: string };

function sentence(operator: Answer): string {
  if ('problem' in operator) return `operator: not known: ${operator.problem}`;
  const { version: found, namespace, image, ready } = operator;
  const other = found === version ? '' : '; it is another version than this program';
  return `operator ${found} in namespace ${namespace}: ${ready} replicas ready, image ${image}${other}`;
}

async function operatorVersion(io: CliIo, options: GlobalOptions): Promise<Answer> {
  const ended = new AbortController();
  const late = sleep(io.clock, patienceMs, ended.signal).then(
    (): Answer => ({ problem: `the cluster does not answer within ${patienceMs / 1000} s` }),
  );
  try {
    // What is still asked when it is late is broken off with the connections.
    return await withCluster(io, options, async (api) =>
      Promise.race([readOperator(api, options.namespace).catch(problemOf), late]),
    );
  } catch (error) {
    return problemOf(error);
  } finally {
    ended.abort();
  }
}

function problemOf(error: unknown): Answer {
  return { problem: toCliError(error).message };
}

async function readOperator(api: KubeApi, wanted: string | undefined): Promise<Answer> {
  const namespace = wanted ?? (await installedIn(api)) ?? INSTALL_NAMESPACE;
  const { metadata, spec, status } = await api.get<Deployment>(resources.deployments, { namespace, name: OPERATOR });
  const image = spec.template.spec.containers.find(({ name }) => name === OPERATOR)?.image ?? '';
  const label = metadata.labels?.['app.kubernetes.io/version'];
  return {
    namespace,
    version: label ?? /:([^:/@]+)(@|$)/.exec(image)?.[1] ?? 'unknown',
    image,
    ready: `${status?.availableReplicas ?? 0}/${spec.replicas ?? 1}`,
  };
}

const bindings = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
};

/** The namespace that the operator's rights name; undefined for a person who may not read them. */
async function installedIn(api: KubeApi): Promise<string | undefined> {
  try {
    const binding = await api.get<KubeObject>(bindings, { name: 'tandem-operator' });
    return (binding['subjects'] as { namespace?: string }[] | undefined)?.[0]?.namespace;
  } catch {
    return undefined;
  }
}

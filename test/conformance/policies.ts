import { readFileSync } from 'node:fs';
import { type Deployment, resources } from '../../src/kube/object.ts';
import { failureOf, merge, ref, type Stage, until } from './under-test.ts';

const base = new URL('../../deploy/kustomize/base/', import.meta.url);
const files = ['policy-gate.yaml', 'policy-held.yaml', 'policy-fence.yaml'];

/** The gate's label in a case: its own, so that neither an installed Tandem nor another case is disturbed. */
export function gateLabel({ namespace }: Stage): string {
  return `${namespace}.tandem.dev/gate`;
}

/** The policies of deploy/ for the service account `tandem` of the stage's namespace, under names and labels of its own. */
function adapted(text: string, namespace: string): string {
  return text
    .replaceAll('tandem-system:tandem', `${namespace}:tandem`)
    .replaceAll(/(name|policyName): tandem-/g, `$1: ${namespace}-`)
    .replaceAll('tandem.dev/', `${namespace}.tandem.dev/`);
}

/** Installs the policies and waits until the server follows them. */
export async function installPolicies(stage: Stage): Promise<void> {
  for (const file of files)
    await stage.under.install(adapted(readFileSync(new URL(file, base), 'utf8'), stage.namespace));
}

export function gateOf({ metadata, spec }: Deployment): string {
  const [, value] = Object.entries(metadata.labels ?? {}).find(([key]) => key.endsWith('.tandem.dev/gate')) ?? [];
  return `${value ?? 'no label'}${spec.paused === true ? ', paused' : ''}`;
}

/** Arms the Deployment `web` and waits until a dry run shows that a changed template would be held. */
export async function arm(stage: Stage): Promise<void> {
  await merge(stage, { metadata: { labels: { [gateLabel(stage)]: 'armed' } } });
  const template = { metadata: { annotations: { proof: 'x' } } };
  await until(stage, 'the gate', async () => {
    const body = { spec: { template } };
    const held = await stage.api.patch<Deployment>(resources.deployments, ref(stage), body, {
      type: 'merge',
      dryRun: true,
    });
    return held.spec.paused === true;
  });
}

/** Waits until the fence refuses what it must refuse. */
export async function fenced(stage: Stage, attempt: () => Promise<unknown>): Promise<unknown> {
  return until(stage, 'the fence', async () => failureOf(attempt()).catch(() => undefined), 15);
}

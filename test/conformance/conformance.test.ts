import { afterAll, describe, it } from 'vitest';
import { isNotFound } from '../../src/kube/errors.ts';
import { resources } from '../../src/kube/object.ts';
import { applyCases } from './cases/apply.ts';
import { customCases } from './cases/custom.ts';
import { deletionCases } from './cases/deletion.ts';
import { gateCases } from './cases/gate.ts';
import { patchCases } from './cases/patches.ts';
import { pausedCases } from './cases/paused.ts';
import { podCases } from './cases/pods.ts';
import { rolloutCases } from './cases/rollout.ts';
import { watchCases } from './cases/watches.ts';
import { writeCases } from './cases/writes.ts';
import { clusterUnderTest } from './cluster-under-test.ts';
import { sandboxUnderTest } from './sandbox-under-test.ts';
import type { ApiUnderTest, Case, Stage } from './under-test.ts';

/**
 * The same cases over the sandbox and, when CONFORMANCE_KUBECONFIG names a kubeconfig, over that cluster. Where they
 * differ, the sandbox is wrong.
 */
const kubeconfig = process.env['CONFORMANCE_KUBECONFIG'];
const real = kubeconfig === undefined || kubeconfig === '' ? undefined : kubeconfig;
const apis: { name: string; open: () => ApiUnderTest }[] = [
  { name: 'sandbox', open: sandboxUnderTest },
  ...(real === undefined ? [] : [{ name: 'cluster', open: () => clusterUnderTest(real) }]),
];
const groups: [string, Case[]][] = [
  ['writes', writeCases],
  ['patches', patchCases],
  ['apply', applyCases],
  ['custom', customCases],
  ['watches', watchCases],
  ['deletion', deletionCases],
  ['rollout', rolloutCases],
  ['paused', pausedCases],
  ['pods', podCases],
  ['gate', gateCases],
];

async function createNamespace(under: ApiUnderTest): Promise<string> {
  const metadata = { name: '', generateName: 'conformance-' };
  const object = await under.admin.create(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata });
  return object.metadata.name;
}

for (const { name, open } of apis) {
  describe(name, () => {
    const under = open();
    const namespaces: string[] = [];

    afterAll(async () => {
      for (const namespace of namespaces) {
        await under.admin.delete(resources.namespaces, { name: namespace }).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
      }
      await under.close();
    }, 60_000);

    for (const [group, cases] of groups) {
      for (const { name: title, run } of cases) {
        it(`${group}: ${title}`, { timeout: name === 'cluster' ? 240_000 : 30_000 }, async () => {
          const namespace = await createNamespace(under);
          namespaces.push(namespace);
          const stage: Stage = { under, api: under.admin, namespace };
          await run(stage);
        });
      }
    }
  });
}

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
import { httpUnderTest } from './http-under-test.ts';
import { realKubeconfig, runCases } from './run-cases.ts';
import { sandboxUnderTest } from './sandbox-under-test.ts';
import type { Case } from './under-test.ts';

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

/**
 * The same cases over the sandbox, over the sandbox by HTTP and, when CONFORMANCE_KUBECONFIG names a kubeconfig, over that
 * cluster. Where they differ, the sandbox is wrong.
 */
runCases('sandbox', sandboxUnderTest, groups);
runCases('http', httpUnderTest, groups);
if (realKubeconfig !== undefined) {
  const kubeconfig = realKubeconfig;
  runCases('cluster', () => clusterUnderTest(kubeconfig), groups);
}

import { describe, it } from 'vitest';
import { kubectlCases } from './cases/kubectl.ts';
import { clusterUnderTest } from './cluster-under-test.ts';
import { httpUnderTest } from './http-under-test.ts';
import { findKubectl } from './kubectl-program.ts';
import { realKubeconfig, runCases } from './run-cases.ts';
import type { Case } from './under-test.ts';

const groups: [string, Case[]][] = [['kubectl', kubectlCases]];

/** What kubectl does on the sandbox by HTTP, and the same on a real cluster when CONFORMANCE_KUBECONFIG names one. */
if (findKubectl() === undefined) {
  console.log('The cases of kubectl are left out: KUBECTL names none, .state/bin and PATH have none.');
  describe.skip('kubectl', () => it('is not there', () => undefined));
} else {
  runCases('http', httpUnderTest, groups);
  if (realKubeconfig !== undefined) {
    const kubeconfig = realKubeconfig;
    runCases('cluster', () => clusterUnderTest(kubeconfig), groups);
  }
}

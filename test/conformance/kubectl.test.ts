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
  // Told at the run itself: a number of skipped tests says neither which nor why.
  console.warn(
    'Left out: the cases of kubectl, since there is none in KUBECTL, .state/bin or PATH.\n' +
      'To run them: KUBECTL=/path/to/kubectl npm run test:kubectl',
  );
  describe.skip('kubectl', () => it('needs a kubectl: KUBECTL=/path/to/kubectl npm run test:kubectl', () => undefined));
} else {
  runCases('http', httpUnderTest, groups);
  if (realKubeconfig !== undefined) {
    const kubeconfig = realKubeconfig;
    runCases('cluster', () => clusterUnderTest(kubeconfig), groups);
  }
}

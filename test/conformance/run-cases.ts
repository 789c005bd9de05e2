import { afterAll, beforeAll, describe, it } from 'vitest';
import { isNotFound } from '../../src/kube/errors.ts';
import { resources } from '../../src/kube/object.ts';
import type { ApiUnderTest, Case, Stage } from './under-test.ts';

const named = process.env['CONFORMANCE_KUBECONFIG'];
/** The kubeconfig of the real cluster that is to be compared with. */
export const realKubeconfig = named === undefined || named === '' ? undefined : named;

async function createNamespace(under: ApiUnderTest): Promise<string> {
  const metadata = { name: '', generateName: 'conformance-' };
  const object = await under.admin.create(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata });
  return object.metadata.name;
}

/** Defines the tests of cases over one API, each in a namespace of its own. */
export function runCases(
  name: ApiUnderTest['name'],
  open: () => ApiUnderTest | Promise<ApiUnderTest>,
  groups: [string, Case[]][],
): void {
  describe(name, () => {
    let under: ApiUnderTest;
    const namespaces: string[] = [];

    beforeAll(async () => {
      under = await open();
    });

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
        it(`${group}: ${title}`, { timeout: name === 'sandbox' ? 30_000 : 240_000 }, async () => {
          const namespace = await createNamespace(under);
          namespaces.push(namespace);
          const stage: Stage = { under, api: under.admin, namespace };
          await run(stage);
        });
      }
    }
  });
}

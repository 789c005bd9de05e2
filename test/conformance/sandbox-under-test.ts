import { SERVICE_ACCOUNT } from '../../src/api/names.ts';
import type { Pod } from '../../src/kube/object.ts';
import { createFakeClock } from '../../src/lib/fake-clock.ts';
import type { PodBehaviour } from '../../src/sandbox/pods/behaviour.ts';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import { type ApiUnderTest, MISSING_IMAGE } from './under-test.ts';

/** What a real node would make of the pods of template() in under-test.ts. */
export function behaviourOf({ spec }: Pod): PodBehaviour {
  const [container] = spec.containers;
  if (container?.image === MISSING_IMAGE) return { imagePull: 'NotFound' };
  if (container?.['envFrom'] !== undefined) return { configError: 'configmap "nosuch" not found' };
  if (container?.['command'] !== undefined) return { crash: { afterSeconds: 0, exitCode: 3 } };
  if (container?.['readinessProbe'] !== undefined) return { readySeconds: 'never' };
  if (spec['nodeSelector'] !== undefined) {
    return { unschedulable: "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector." };
  }
  return {};
}

export function sandboxUnderTest(): ApiUnderTest {
  const clock = createFakeClock(Date.UTC(2026, 0, 1));
  const sandbox = createSandbox({ clock });
  sandbox.pods.behave(behaviourOf);
  const user = { username: 'kubernetes-admin', groups: ['system:masters'] };
  return {
    name: 'sandbox',
    admin: sandbox.api(user),
    manager: (fieldManager) => sandbox.api(user, { fieldManager }),
    tandem: async (namespace) => sandbox.api({ username: SERVICE_ACCOUNT.replace('tandem-system', namespace) }),
    install: async (manifest) => sandbox.install(manifest),
    pass: (seconds) => clock.advance(seconds * 1000),
    close: async () => undefined,
  };
}

import type { FakeClock } from '../../../src/lib/fake-clock.ts';
import { createSandbox, type Sandbox } from '../../../src/sandbox/sandbox.ts';
import { type Nature, natures, versionOf } from './application.ts';
import { createChance } from './chance.ts';
import type { Plan } from './plan.ts';
import type { Rates } from './rates.ts';
import { type Circumstances, NAMESPACE } from './stage.ts';

interface ClusterOptions {
  real: FakeClock;
  plan: Plan;
  manifests: readonly string[];
  circumstances: Circumstances;
  rates(): Rates;
  fault(kind: string): void;
  /** A pod fares in a way that has a name. */
  fares(kind: string): void;
}

export interface Cluster {
  sandbox: Sandbox;
  natureOf(version: string): Nature;
}

/** Longest that the controllers and the kubelet are behind. */
const CONTROLLERS_MS = 12_000;
const NODE_MS = 20_000;

/** The API, its controllers and its node: late now and then, and with pods that fare as their version's nature says. */
export function createCluster(options: ClusterOptions): Cluster {
  const { real, plan, circumstances, rates, fault } = options;
  const chance = createChance(plan.seed, 'late');
  const behind = (kind: 'controllersBehind' | 'nodeBehind', most: number) => (): number => {
    if (!chance.happens(rates()[kind])) return 0;
    fault(kind);
    return chance.between(50, most);
  };
  const sandbox = createSandbox({
    clock: real,
    seed: plan.seed,
    namespaces: [NAMESPACE],
    controllersBehindMs: behind('controllersBehind', CONTROLLERS_MS),
    nodeBehindMs: behind('nodeBehind', NODE_MS),
  });
  for (const text of options.manifests) sandbox.install(text, { skipUnknown: true });

  function natureOf(version: string): Nature {
    const nature = natures[plan.versions[version] ?? 0] ?? natures[0];
    if (nature === undefined) throw new Error('there is no nature');
    return nature;
  }

  const met = new Set<string>();
  sandbox.pods.behave((pod) => {
    const nature = natureOf(versionOf(pod));
    const { uid = '' } = pod.metadata;
    if (nature.pod !== undefined && !met.has(uid)) options.fares(`pod: ${nature.name}`);
    met.add(uid);
    return circumstances.troubles.get(uid) ?? nature.pod;
  });
  return { sandbox, natureOf };
}

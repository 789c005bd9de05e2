import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import { scaleOperator } from '../operator.ts';
import { canaryRelease, conditionOf, ready, type Stage } from '../stage.ts';

/** Other tools that move the same pods. */

interface Kind {
  group: string;
  version: string;
  kind: string;
  plural: string;
}

const rollout: Kind = { group: 'argoproj.io', version: 'v1alpha1', kind: 'Rollout', plural: 'rollouts' };
const flagger: Kind = { group: 'flagger.app', version: 'v1beta1', kind: 'Canary', plural: 'canaries' };

/** As much of the real definition as it takes to be served. */
function definition({ group, version, kind, plural }: Kind): object {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase() },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  };
}

function driver({ group, version, kind }: Kind, field: string): object {
  const reference = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' };
  return { apiVersion: `${group}/${version}`, kind, metadata: { name: 'shop' }, spec: { [field]: reference } };
}

async function conflicts(stage: Stage, words: RegExp): Promise<void> {
  await stage.waitFor(
    `a conflict with ${String(words)}`,
    async () => {
      const condition = conditionOf(await stage.status(), 'Stalled');
      return condition?.status === 'True' && condition.reason === 'TargetConflict' && words.test(condition.message);
    },
    90,
  );
}

export const driverCases: Case[] = [
  {
    name: 'driven-by-others',
    ci: false,
    alone: true,
    proves:
      'a target that an Argo Rollout or a Flagger Canary drives is refused; taken over when the other tool is gone',
    async run(stage) {
      const kinds = [rollout, flagger];
      try {
        await stage.apply(...kinds.map(definition));
        for (const { plural, group } of kinds)
          await stage.kubectl(['wait', '--for=condition=Established', `crd/${plural}.${group}`, '--timeout=30s']);
        // What the API server serves is remembered for minutes.
        await scaleOperator(0);
        await scaleOperator(2);
        await stage.deploy({ version: 'v1', replicas: 1 });
        await stage.apply(driver(rollout, 'workloadRef'), driver(flagger, 'targetRef'));
        await stage.apply(canaryRelease(stage.namespace));
        await conflicts(stage, /driven by Rollout shop/);
        assert.equal(await stage.gate(), undefined, 'nothing is written');
        await stage.kubectl(['delete', `${rollout.plural}.${rollout.group}`, 'shop']);
        await conflicts(stage, /driven by Canary shop/);
        await stage.kubectl(['delete', `${flagger.plural}.${flagger.group}`, 'shop']);
        await stage.waitFor('taken over', async () => ready(await stage.status()) === 'Stable', 90);
      } finally {
        for (const { plural, group } of kinds)
          await stage.kubectl(['delete', 'crd', `${plural}.${group}`, '--ignore-not-found', '--wait=false']);
      }
    },
  },
];

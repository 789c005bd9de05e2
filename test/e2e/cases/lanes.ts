import assert from 'node:assert/strict';
import type { OddKind } from '../../app/settings.ts';
import type { Case } from '../case.ts';
import { noLostRequests, noteTiming, samePods } from '../check.ts';
import { dropFrom, operatorAddresses, operatorRestarts } from '../operator.ts';
import type { Stage } from '../stage.ts';

/** The fast lane is closed: the operator cannot read the pods, a Prometheus can. It alone judges then, and that is said. */

interface Lane {
  /** What the operator gets of the pods in place of metrics. */
  odd?: OddKind;
  /** Of the canary alone. */
  canaryOnly?: boolean;
  /** Packets of the operator to the pods of stable get no answer. */
  dropped?: boolean;
  why: RegExp;
}

async function fallenBack(stage: Stage, { odd, canaryOnly, dropped, why }: Lane): Promise<void> {
  const addresses = await operatorAddresses();
  const env = odd === undefined ? {} : { METRICS_ODD: odd, METRICS_ODD_FOR: addresses.join(',') };
  await stage.deploy({ version: 'v1', env: canaryOnly === true ? {} : env });
  await stage.adopt({ analysis: { minDuration: '10m', source: 'Auto' } });
  const load = await stage.load({ rate: 60 });
  // So that Prometheus has a past of stable under this load.
  await new Promise((resolve) => setTimeout(resolve, 60_000));
  const before = await stage.stablePods();
  if (dropped === true) await dropFrom(stage, before, addresses);
  const restarts = await operatorRestarts();
  await stage.release({ version: 'v2', env });
  await stage.waitPhase('Analyzing', 60);
  const fallen = async (): Promise<boolean> => (await stage.status()).analysis?.source === 'Prometheus';
  await stage.waitFor('Prometheus alone', fallen, 60);
  const said = ((await stage.status()).analysis?.warnings ?? []).join('\n');
  stage.note(said);
  assert.match(said, /^Prometheus alone is asked, the pods are not scraped: /m);
  assert.match(said, why);
  await stage.release({ version: 'v3', env: { ...env, LATENCY_MS: '200' } });
  const entry = await stage.waitOutcome('RolledBack', 240);
  assert.match(entry.reason, /^latency/, entry.sentence);
  assert.equal((await stage.status()).analysis?.source, 'Prometheus');
  samePods(before, await stage.stablePods());
  assert.equal(await operatorRestarts(), restarts, 'the operator did not restart');
  const record = await load.stop();
  noteTiming(stage, record, 'v3', Date.parse(entry.ended ?? ''));
  noLostRequests(record, 2);
}

export const laneCases: Case[] = [
  {
    name: 'lane-dropped',
    ci: false,
    proves: 'a network policy that drops what the operator sends to the pods: Prometheus alone judges, and it is said',
    run: (stage) =>
      fallenBack(stage, { dropped: true, why: /pod shop-\S+: http:\/\/\S+\/metrics: .*(in time|imeout)/ }),
  },
  {
    name: 'lane-tls',
    ci: false,
    proves: 'pods that take no plain connection of the operator, as in a mesh with strict TLS: Prometheus alone judges',
    run: (stage) => fallenBack(stage, { odd: 'tls', why: /pod shop-\S+: http:\/\/\S+\/metrics: / }),
  },
  {
    name: 'lane-slow',
    ci: false,
    proves: 'a canary whose metrics come byte by byte: Prometheus alone judges',
    run: (stage) =>
      fallenBack(stage, { odd: 'slow', canaryOnly: true, why: /pod shop-canary-\S+: \S+ no whole answer in time/ }),
  },
  {
    name: 'lane-large',
    ci: false,
    proves:
      'a canary that answers with 100 MiB: Prometheus alone judges, and the operator reads no more than its limit',
    run: (stage) =>
      fallenBack(stage, {
        odd: 'large',
        canaryOnly: true,
        why: /pod shop-canary-\S+: \S+ (the answer is larger than|no whole answer)/,
      }),
  },
  {
    name: 'lane-html',
    ci: false,
    proves: 'pods that answer the operator with a page to log in: Prometheus alone judges',
    run: (stage) => fallenBack(stage, { odd: 'html', why: /pod shop-\S+: \S+ no metrics: / }),
  },
];

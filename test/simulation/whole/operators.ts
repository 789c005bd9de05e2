import { Registry } from 'prom-client';
import { INSTALL_NAMESPACE, SERVICE_ACCOUNT } from '../../../src/api/names.ts';
import { createKubeMetrics } from '../../../src/kube/metrics.ts';
import type { FakeClock } from '../../../src/lib/fake-clock.ts';
import { silentLogger } from '../../../src/lib/log.ts';
import { assembleOperator, type Operator } from '../../../src/operator/assemble.ts';
import { createOperatorMetrics } from '../../../src/operator/metrics.ts';
import type { Sandbox } from '../../../src/sandbox/sandbox.ts';
import type { Sent, WireOptions } from './attempt.ts';
import { type Chance, createChance } from './chance.ts';
import type { Plan } from './plan.ts';
import { createProcess, type Process } from './process.ts';
import type { Prometheus } from './prometheus.ts';
import type { Rates } from './rates.ts';
import type { Receivers } from './receivers.ts';
import { createWire } from './wire.ts';

/** One replica of the operator, as it runs now. */
export interface Replica {
  process: Process;
  operator: Operator;
  registry: Registry;
  stop: AbortController;
  kill(): void;
}

export interface OperatorsOptions {
  real: FakeClock;
  sandbox: Sandbox;
  plan: Plan;
  prometheus: Prometheus;
  receivers: Receivers;
  rates(): Rates;
  forbids(sent: Sent): boolean;
  fault(kind: string): void;
  sent: WireOptions['sent'];
  putOff: WireOptions['putOff'];
  before: WireOptions['before'];
  after: WireOptions['after'];
}

/** All replicas of the operator. What dies is started again, as a Deployment does it. */
export interface Operators {
  start(): void;
  replica(index: number): Replica | undefined;
  all(): Replica[];
  /** Ends a replica gracefully, as SIGTERM does. */
  stop(index: number): void;
  /** Processes that ran at any time. */
  registries: readonly Registry[];
  /** How many have ended. */
  deaths(): number;
}

export function createOperators(options: OperatorsOptions): Operators {
  const { real, sandbox, plan, prometheus, receivers } = options;
  const replicas: (Replica | undefined)[] = [];
  const registries: Registry[] = [];
  const restarts = createChance(plan.seed, 'restarts');
  let started = 0;
  let deaths = 0;

  function startAgain(index: number): void {
    replicas[index] = undefined;
    real.after(restarts.between(200, 20_000), () => {
      if (replicas[index] === undefined) begin(index);
    });
  }

  function begin(index: number): void {
    started += 1;
    const name = `operator-${index}-${started}`;
    const clocks = plan.clocks[index] ?? { rate: 1, offsetMs: 0 };
    const process = createProcess(real, { name, ...clocks });
    const api = sandbox.api({ username: SERVICE_ACCOUNT, groups: ['system:serviceaccounts', 'system:authenticated'] });
    const chance: Chance = createChance(plan.seed, name);
    const registry = new Registry();
    registries.push(registry);
    const stop = new AbortController();
    const kill = (): void => {
      if (!process.alive) return;
      process.kill();
      deaths += 1;
      api.kill();
      startAgain(index);
    };
    const expire = (): void => sandbox.compact();
    const wire = createWire({ ...options, process, api, chance, kill, expire });
    const operator = assembleOperator({
      config: { workers: 4, watchNamespace: undefined, pollMilliseconds: 5000 },
      api: wire,
      clock: process.clock,
      random: chance.next,
      log: silentLogger,
      identity: name,
      leaseNamespace: INSTALL_NAMESPACE,
      sources: [prometheus.source(process, 'default'), prometheus.source(process, 'restricted', ['elsewhere'])],
      notifier: receivers.notifier(process, createChance(plan.seed, `${name} notifications`)),
      reports: { keep: 3, version: 'simulated' },
      metrics: createOperatorMetrics(registry, 'simulated', () => process.clock.now(), 0),
      kubeMetrics: createKubeMetrics(registry),
    });
    const replica = { process, operator, registry, stop, kill };
    replicas[index] = replica;
    void operator.run(stop.signal).then(() => {
      if (replicas[index] === replica) kill();
    });
  }

  return {
    start: () => {
      for (let index = 0; index < plan.operators; index += 1) begin(index);
    },
    replica: (index) => replicas[index % Math.max(1, plan.operators)],
    all: () => replicas.filter((replica) => replica !== undefined),
    stop: (index) => replicas[index % plan.operators]?.stop.abort(),
    registries,
    deaths: () => deaths,
  };
}

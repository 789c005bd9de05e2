import { execFile } from 'node:child_process';
import { stringify } from 'yaml';
import { commandAnnotations, GATE_LABEL } from '../../src/api/names.ts';
import type {
  CanaryRelease,
  CanaryReleaseSpec,
  CanaryReleaseStatus,
  LedgerEntry,
  StatusCondition,
} from '../../src/api/schema.ts';
import type { KubeApi } from '../../src/kube/api.ts';
import { isNotFound } from '../../src/kube/errors.ts';
import { type Deployment, type KubeObject, type Pod, resources } from '../../src/kube/object.ts';
import { type ShopOptions, shop, shopDeployment } from '../app/shop.ts';
import { testCluster } from '../cluster/environment.ts';
import { insideCommand } from '../cluster/kubectl.ts';
import { type RunningLoad, startLoad } from '../load/load.ts';
import type { LoadMode, LoadRecord } from '../load/record.ts';

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** What a case works with: its own namespace with one shop, one CanaryRelease, and load on them. */
export interface Stage {
  readonly api: KubeApi;
  readonly namespace: string;
  note(text: string): void;
  /** What a case found out, for the table. */
  facts: Record<string, string | number>;
  kubectl(args: string[], options?: { input?: string; as?: string; allowFailure?: boolean }): Promise<CommandResult>;
  tandem(args: string[], options?: { as?: 'alice'; allowFailure?: boolean }): Promise<CommandResult>;
  apply(...objects: object[]): Promise<void>;
  /** Deployment and Service, available. */
  deploy(options?: Partial<ShopOptions>): Promise<void>;
  /** Changes the shop as a user does: a whole manifest by server-side apply. */
  release(options: Partial<ShopOptions>): Promise<void>;
  /** Creates the CanaryRelease and waits until the gate is armed and proven. */
  adopt(spec?: SpecChange): Promise<void>;
  load(options?: { rate?: number; mode?: LoadMode; seconds?: number }): Promise<RunningLoad>;
  target(): Promise<Deployment>;
  status(): Promise<CanaryReleaseStatus>;
  waitFor(what: string, check: () => Promise<boolean>, seconds?: number): Promise<void>;
  waitPhase(phase: string, seconds?: number): Promise<CanaryReleaseStatus>;
  /** Waits for an entry of the ledger and returns it. */
  waitOutcome(outcome: string, seconds?: number): Promise<LedgerEntry>;
  /** Names of the pods of the target (not of a canary). */
  stablePods(): Promise<string[]>;
  /** Tags of the images of these pods, one a pod, sorted. */
  stableVersions(): Promise<string[]>;
  canaryExists(): Promise<boolean>;
  gate(): Promise<string | undefined>;
  command(name: keyof typeof commandAnnotations, revision: string): Promise<void>;
  /** The load that runs from the first version on, if any. */
  background(): RunningLoad | undefined;
  /** What every load of the case has seen so far. */
  records(): LoadRecord[];
  cleanup(): Promise<void>;
}

export type SpecChange = Partial<Omit<CanaryReleaseSpec, 'targetRef' | 'analysis' | 'canary'>> & {
  analysis?: Record<string, unknown>;
  canary?: Record<string, unknown>;
  name?: string;
};

/** The kubectl of the test cluster, without blocking the other cases. */
export function runKubectl(args: string[], input?: string, as?: string): Promise<CommandResult> {
  const cluster = testCluster();
  const kubeconfig = as === 'alice' ? cluster.aliceKubeconfig : cluster.kubeconfig;
  const impersonate = as === undefined || as === 'alice' ? [] : [`--as=${as}`];
  const words = ['--kubeconfig', kubeconfig, ...impersonate, ...args];
  const [program, all] = cluster.isOwn ? insideCommand(cluster.kubectl, words) : [cluster.kubectl, words];
  return runProgram(program, all, input);
}

export function runProgram(
  program: string,
  args: string[],
  input?: string,
  env?: NodeJS.ProcessEnv,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const options = { maxBuffer: 64 * 1024 * 1024, timeout: 600_000, ...(env === undefined ? {} : { env }) };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
    // A program that ends before it has read all says so by its exit code.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });
}

const defaultReplicas = 3;
/** Three fast requests to a slow one: with an even mix the median would lie in the gap between the two routes. */
const loadPaths = ['/fast', '/fast', '/fast', '/slow'];

export interface StageOptions {
  api: KubeApi;
  namespace: string;
  log(text: string): void;
  /** Requests a second from the first version on; 0: none. */
  rate?: number;
}

export function createStage({ api, namespace, log, rate: backgroundRate = 0 }: StageOptions): Stage {
  let background: RunningLoad | undefined;
  const loads: RunningLoad[] = [];
  const shopDefaults = { namespace, name: 'shop', replicas: defaultReplicas };
  const facts: Record<string, string | number> = {};
  let releaseName = 'shop';
  let current: Partial<ShopOptions> = {};

  async function kubectl(
    args: string[],
    options: { input?: string; as?: string; allowFailure?: boolean } = {},
  ): Promise<CommandResult> {
    const result = await runKubectl(['-n', namespace, ...args], options.input, options.as);
    if (result.code !== 0 && options.allowFailure !== true)
      throw new Error(`kubectl ${args.join(' ')} ended with ${result.code}: ${result.stderr.trim()}`);
    return result;
  }

  async function apply(...objects: object[]): Promise<void> {
    const input = objects.map((object) => stringify(object)).join('---\n');
    await kubectl(['apply', '--server-side', '--field-manager=gitops', '--force-conflicts', '-f', '-'], { input });
  }

  async function waitFor(what: string, check: () => Promise<boolean>, seconds = 60): Promise<void> {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      if (await check()) return;
      if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s; ${await describe()}`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  async function describe(): Promise<string> {
    try {
      const [release, deployment] = await Promise.all([status(), target()]);
      const { phase, message, canary, analysis, ledger } = release;
      const gate = deployment.metadata.labels?.[GATE_LABEL];
      return JSON.stringify({
        phase,
        message,
        gate,
        paused: deployment.spec.paused,
        canary,
        analysis: analysis?.sentence,
        ledger: ledger?.[0],
      });
    } catch (error) {
      return String(error);
    }
  }

  async function ownPods(): Promise<Pod[]> {
    const pods = await api.list<Pod>(resources.pods, { namespace, labelSelector: 'app=shop,!tandem.dev/track' });
    return pods.items.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  }

  async function target(): Promise<Deployment> {
    return api.get<Deployment>(resources.deployments, { namespace, name: 'shop' });
  }

  async function status(): Promise<CanaryReleaseStatus> {
    const release = await api.get<CanaryRelease>(resources.canaryReleases, { namespace, name: releaseName });
    return release.status ?? { observedGeneration: -1 };
  }

  async function adopt(spec: SpecChange = {}): Promise<void> {
    releaseName = spec.name ?? 'shop';
    await apply(canaryRelease(namespace, spec));
    await waitFor('armed and proven', async () => ready(await status()) === 'Stable', 60);
  }

  async function waitOutcome(outcome: string, seconds = 180): Promise<LedgerEntry> {
    let found: LedgerEntry | undefined;
    await waitFor(
      `outcome ${outcome}`,
      async () => {
        const ledger = (await status()).ledger ?? [];
        found = ledger.find((entry) => entry.outcome === outcome && entry.ended !== undefined);
        return found !== undefined;
      },
      seconds,
    );
    if (found === undefined) throw new Error(`no outcome ${outcome}`);
    return found;
  }

  async function startOne(options: { rate?: number; mode?: LoadMode; seconds?: number } = {}): Promise<RunningLoad> {
    const service = await api.get<KubeObject & { spec: { clusterIP: string } }>(resources.services, {
      namespace,
      name: 'shop',
    });
    const { rate = 40, mode = 'connection', seconds = 900 } = options;
    const url = `http://${service.spec.clusterIP}`;
    const load = await startLoad({ url, rate, mode, seconds, paths: loadPaths });
    loads.push(load);
    return load;
  }

  async function deploy(options: Partial<ShopOptions> = {}): Promise<void> {
    current = { ...shopDefaults, ...options };
    await apply(...shop({ ...shopDefaults, ...current, namespace }));
    await kubectl(['rollout', 'status', 'deployment/shop', '--timeout=120s']);
    if (backgroundRate > 0) background ??= await startOne({ rate: backgroundRate });
  }

  return {
    api,
    namespace,
    facts,
    note: log,
    kubectl,
    apply,
    deploy,
    adopt,
    waitFor,
    target,
    status,
    waitOutcome,
    load: startOne,
    release: async (options) => {
      current = { ...current, env: {}, ...options };
      await apply(shopDeployment({ ...shopDefaults, ...current, namespace }));
    },
    tandem: async (args, options = {}) => {
      const cluster = testCluster();
      const kubeconfig = options.as === 'alice' ? cluster.aliceKubeconfig : cluster.kubeconfig;
      const words = ['dist/tandem.mjs', ...args, '-n', namespace, '--kubeconfig', kubeconfig];
      const result = await runProgram(process.execPath, words);
      if (result.code !== 0 && options.allowFailure !== true)
        throw new Error(`tandem ${args.join(' ')} ended with ${result.code}: ${result.stderr.trim()}`);
      return result;
    },
    waitPhase: async (phase, seconds = 90) => {
      await waitFor(`phase ${phase}`, async () => (await status()).phase === phase, seconds);
      return status();
    },
    stablePods: async () => (await ownPods()).map((pod) => pod.metadata.name).sort(),
    stableVersions: async () =>
      (await ownPods()).map((pod) => pod.spec.containers[0]?.image?.split(':').at(-1) ?? '').sort(),
    canaryExists: async () => {
      try {
        await api.get(resources.deployments, { namespace, name: 'shop-canary' });
        return true;
      } catch (error) {
        if (isNotFound(error)) return false;
        throw error;
      }
    },
    gate: async () => (await target()).metadata.labels?.[GATE_LABEL],
    command: async (name, revision) => {
      const annotation = `${commandAnnotations[name]}=${revision}@${new Date().toISOString()}`;
      await kubectl(['annotate', '--overwrite', 'canaryrelease', releaseName, annotation]);
    },
    background: () => background,
    records: () => loads.map((load) => load.snapshot()),
    cleanup: async () => {
      await Promise.allSettled(loads.map((load) => load.stop()));
      await runKubectl(['delete', 'namespace', namespace, '--wait=false']);
    },
  };
}

/** A CanaryRelease of the shop with times that a test can wait for. */
export function canaryRelease(
  namespace: string,
  { name = 'shop', analysis, canary, ...rest }: SpecChange = {},
): KubeObject {
  return {
    apiVersion: 'tandem.dev/v1alpha1',
    kind: 'CanaryRelease',
    metadata: { name, namespace },
    spec: {
      targetRef: { name: 'shop' },
      canary: { startDeadline: '60s', ...canary },
      analysis: { minDuration: '60s', warmup: '10s', ...analysis },
      ...rest,
    },
  };
}

/** Reason of the Ready condition when it is True. */
export function ready(status: CanaryReleaseStatus): string | undefined {
  const condition = status.conditions?.find((item) => item.type === 'Ready');
  return condition?.status === 'True' ? condition.reason : undefined;
}

/** A condition of the release. */
export function conditionOf(status: CanaryReleaseStatus, type: string): StatusCondition | undefined {
  return status.conditions?.find((item) => item.type === type);
}

/** Status of a condition. */
export function conditionStatus(status: CanaryReleaseStatus, type: string): string | undefined {
  return conditionOf(status, type)?.status;
}

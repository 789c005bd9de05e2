import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { createStatusFitter } from '../../src/api/fit.ts';
import { commandAnnotations, GATE_LABEL, SERVICE_ACCOUNT, TRACK_LABEL } from '../../src/api/names.ts';
import type { CanaryRelease, CanaryReleaseStatus, LedgerEntry } from '../../src/api/schema.ts';
import type { SourceState } from '../../src/evidence/evidence.ts';
import type { Verdict, VerdictName } from '../../src/judge/verdict.ts';
import { isNotFound } from '../../src/kube/errors.ts';
import {
  type Deployment,
  type KubeObject,
  type Pod,
  type PodTemplate,
  type ReplicaSet,
  type Resource,
  resources,
} from '../../src/kube/object.ts';
import { createFakeClock, type FakeClock } from '../../src/lib/fake-clock.ts';
import { silentLogger } from '../../src/lib/log.ts';
import { createController } from '../../src/operator/controller.ts';
import { leaveTarget, type ReconcileDeps, reconcileRelease } from '../../src/operator/reconcile.ts';
import { createUnsureWrites } from '../../src/operator/unsure.ts';
import type { ReleaseEvent } from '../../src/release/decision.ts';
import { isComplete, rollingBounds } from '../../src/release/facts.ts';
import { createGateProver } from '../../src/release/gate-proof.ts';
import { isReady } from '../../src/release/pods.ts';
import { revisionOf } from '../../src/release/revision.ts';
import type { Measurement } from '../../src/release/snapshot.ts';
import { createSurroundingsReader } from '../../src/release/surroundings.ts';
import type { SandboxApi } from '../../src/sandbox/api.ts';
import { POLICY_FILES } from '../../src/sandbox/manifests.ts';
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';

const NAMESPACE = 'shop';
const START = Date.UTC(2026, 0, 1);
const fit = createStatusFitter();
/** Read once: hundreds of worlds are made of them. */
const policies = POLICY_FILES.flatMap((file) =>
  parseAllDocuments(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')).flatMap(
    (document) => (document.toJS() as KubeObject | null) ?? [],
  ),
);

/** What the scripted judge says of a version. */
export interface Script {
  verdict: VerdictName;
  /** Seconds after the first Ready moment from which it says so. */
  after?: number;
  weakPass?: boolean;
  traffic?: boolean;
  source?: SourceState['state'];
  /** A regression that one pod alone might explain. */
  borderline?: boolean;
  /** What it warns of while a moment of the comparison is between these seconds. */
  warning?: { text: string; from: number; to: number };
  /** What it says of the second pod; the same when absent. */
  second?: VerdictName;
}

/** One target, one release, the operator as it runs, and time that stands still until it is moved. */
export interface World {
  readonly clock: FakeClock;
  readonly sandbox: Sandbox;
  readonly admin: SandboxApi;
  readonly events: ReleaseEvent[];
  /** What went against an invariant, with the time. */
  readonly violations: string[];
  /** Starts an operator, as a process: its memory is its own. */
  startOperator(): void;
  /** Ends it as SIGKILL does. */
  killOperator(): void;
  operatorRuns(): boolean;
  /** Says what the judge answers for an image tag. */
  script(tag: string, script: Script): void;
  target(): Promise<Deployment>;
  release(): Promise<CanaryRelease>;
  status(): Promise<CanaryReleaseStatus>;
  /** A user writes another template: image tag, and further fields of the pod. */
  setVersion(tag: string, extra?: Partial<PodTemplate['spec']>): Promise<void>;
  patchTarget(body: object): Promise<void>;
  patchRelease(body: object): Promise<void>;
  scale(replicas: number): Promise<void>;
  /** As where the policy that refuses to orphan a canary is not in force. */
  allowOrphans(): Promise<void>;
  /** `clockMs`: how far the clock of the person who writes it is ahead. */
  command(name: keyof typeof commandAnnotations, revision: string, clockMs?: number): Promise<void>;
  seconds(count: number): Promise<void>;
  until(
    what: string,
    check: (status: CanaryReleaseStatus) => boolean | Promise<boolean>,
    seconds?: number,
  ): Promise<CanaryReleaseStatus>;
  phase(name: string, seconds?: number): Promise<CanaryReleaseStatus>;
  outcome(name: string, seconds?: number): Promise<LedgerEntry>;
  canary(): Deployment | undefined;
  baseline(): Deployment | undefined;
  gate(): Promise<string | undefined>;
  /** Names of all pods that the track ever had. */
  podsSeen(track: string): string[];
  /** Names of the target's pods. */
  pods(): string[];
  /** Image tag of each ReplicaSet of the target with pods. */
  serving(): Record<string, number>;
}

export interface WorldOptions {
  replicas?: number;
  seed?: number;
  deployment?: Partial<Deployment['spec']>;
  spec?: Record<string, unknown>;
  /** Set to false where the world is to be looked at before anything runs. */
  adopt?: boolean;
  policies?: boolean;
  trackSecrets?: boolean;
  /** Told of each pass whose status was written. */
  observe?: ReconcileDeps['observe'];
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const clock = createFakeClock(START);
  const sandbox = createSandbox({ clock, seed: options.seed ?? 1, namespaces: [NAMESPACE] });
  const admin = sandbox.api({ username: 'admin', groups: ['system:masters'] });
  if (options.policies !== false) sandbox.install(policies);
  const scripts = new Map<string, Script>();
  const events: ReleaseEvent[] = [];
  const violations: string[] = [];
  let operator: { api: SandboxApi; stop: AbortController } | undefined;

  function measurement(release: CanaryRelease): Measurement | undefined {
    const since = release.status?.canary?.since;
    const canary = findTrack('canary');
    if (since === undefined || canary === undefined) return undefined;
    const tag = tagOf(canary.spec.template);
    const second = release.status?.analysis?.secondOpinion?.since;
    const first = scripts.get(tag) ?? { verdict: 'Undecided' };
    const script = second === undefined ? first : { ...first, verdict: first.second ?? first.verdict };
    const elapsed = (clock.now() - Date.parse(second ?? since)) / 1000;
    return scripted(canary.metadata.uid ?? '', script, elapsed, clock.now());
  }

  function startOperator(): void {
    const api = sandbox.api({ username: SERVICE_ACCOUNT, groups: ['system:serviceaccounts'] });
    const stop = new AbortController();
    operator = { api, stop };
    const deps: ReconcileDeps = {
      api,
      clock,
      log: silentLogger,
      fit,
      gate: createGateProver(api, clock),
      surroundings: createSurroundingsReader(api, clock, { trackSecrets: options.trackSecrets ?? false }),
      namesakes: (release, target) => controller.namesakes(release, target),
      measurement,
      emit: (_, event) => void events.push(event),
      measure: () => undefined,
      forget: () => undefined,
      unsure: createUnsureWrites(),
      observe: options.observe ?? (() => undefined),
    };
    const controller = createController({
      api,
      clock,
      random: () => 0.5,
      log: silentLogger,
      workers: 2,
      namespace: undefined,
      isLeader: () => true,
      reconcile: (namespace, name) => reconcileRelease(deps, namespace, name),
      leave: (namespace, name) => leaveTarget(deps, namespace, name),
      prove: (target) => deps.gate.provenUntil(target),
      pass: () => undefined,
    });
    void controller.run(stop.signal);
  }

  function findTrack(track: 'canary' | 'baseline'): Deployment | undefined {
    return sandbox
      .peek<Deployment>(resources.deployments, NAMESPACE)
      .find((item) => item.metadata.name === `shop-${track}`);
  }

  function sets(): ReplicaSet[] {
    const target = sandbox
      .peek<Deployment>(resources.deployments, NAMESPACE)
      .find((item) => item.metadata.name === 'shop');
    return sandbox
      .peek<ReplicaSet>(resources.replicaSets, NAMESPACE)
      .filter((set) => set.metadata.ownerReferences?.some((owner) => owner.uid === target?.metadata.uid) === true);
  }

  const watchdog = createWatchdog({ sandbox, clock, violations, sets });
  sandbox.observe(watchdog);
  const seen = new Map<string, string>();
  sandbox.observe(() => {
    for (const pod of sandbox.peek<Pod>(resources.pods, NAMESPACE))
      seen.set(pod.metadata.name, pod.metadata.labels?.[TRACK_LABEL] ?? 'stable');
  });

  const get = <T extends KubeObject>(resource: Resource, name: string): Promise<T> =>
    admin.get<T>(resource, { namespace: NAMESPACE, name });
  const target = (): Promise<Deployment> => get<Deployment>(resources.deployments, 'shop');
  const release = (): Promise<CanaryRelease> => get<CanaryRelease>(resources.canaryReleases, 'checkout');
  const patch = async (resource: Resource, name: string, body: object): Promise<void> => {
    await admin.patch(resource, { namespace: NAMESPACE, name }, body, { type: 'merge' });
  };

  async function status(): Promise<CanaryReleaseStatus> {
    try {
      return (await release()).status ?? { observedGeneration: -1 };
    } catch (error) {
      if (isNotFound(error)) return { observedGeneration: -1 };
      throw error;
    }
  }

  async function until(
    what: string,
    check: (status: CanaryReleaseStatus) => boolean | Promise<boolean>,
    seconds = 600,
  ): Promise<CanaryReleaseStatus> {
    const end = clock.now() + seconds * 1000;
    for (;;) {
      const now = await status();
      if (await check(now)) return now;
      if (clock.now() >= end)
        throw new Error(
          `${what}: not within ${seconds} virtual seconds; ${JSON.stringify(shown(now))} serving ${JSON.stringify(world.serving())}`,
        );
      await clock.advance(500);
    }
  }

  const world: World = {
    clock,
    sandbox,
    admin,
    allowOrphans: async () => {
      await admin.delete(
        {
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind: 'ValidatingAdmissionPolicyBinding',
          plural: 'validatingadmissionpolicybindings',
          namespaced: false,
        },
        { name: 'tandem-fence-orphans' },
      );
    },
    events,
    violations,
    startOperator,
    killOperator: () => {
      operator?.api.kill();
      operator?.stop.abort();
      operator = undefined;
    },
    operatorRuns: () => operator?.api.alive === true,
    script: (tag, script) => void scripts.set(tag, script),
    target,
    release,
    status,
    setVersion: (tag, extra = {}) =>
      patch(resources.deployments, 'shop', {
        spec: { template: { spec: { containers: [{ name: 'app', image: `shop:${tag}` }], ...extra } } },
      }),
    patchTarget: (body) => patch(resources.deployments, 'shop', body),
    patchRelease: (body) => patch(resources.canaryReleases, 'checkout', body),
    scale: (replicas) => patch(resources.deployments, 'shop', { spec: { replicas } }),
    command: (name, revision, clockMs = 0) => {
      const value = `${revision}@${new Date(clock.now() + clockMs).toISOString()}`;
      return patch(resources.canaryReleases, 'checkout', {
        metadata: { annotations: { [commandAnnotations[name]]: value } },
      });
    },
    seconds: (count) => clock.advance(count * 1000),
    until,
    phase: (name, seconds) => until(`phase ${name}`, (now) => now.phase === name, seconds),
    outcome: async (name, seconds) => {
      const find = (now: CanaryReleaseStatus): LedgerEntry | undefined =>
        now.ledger?.find((entry) => entry.outcome === name && entry.ended !== undefined);
      const found = find(await until(`outcome ${name}`, (now) => find(now) !== undefined, seconds));
      if (found === undefined) throw new Error(`no outcome ${name}`);
      return found;
    },
    canary: () => findTrack('canary'),
    baseline: () => findTrack('baseline'),
    gate: async () => (await target()).metadata.labels?.[GATE_LABEL],
    podsSeen: (track) => [...seen].filter(([, of]) => of === track).map(([name]) => name),
    pods: () =>
      sandbox
        .peek<Pod>(resources.pods, NAMESPACE)
        .filter((pod) => pod.metadata.deletionTimestamp === undefined && !(TRACK_LABEL in (pod.metadata.labels ?? {})))
        .map((pod) => pod.metadata.name)
        .sort(),
    serving: () =>
      Object.fromEntries(
        sets()
          .filter((set) => (set.spec.replicas ?? 0) > 0)
          .map((set) => [tagOf(set.spec.template), set.spec.replicas ?? 0]),
      ),
  };

  await admin.create(resources.deployments, firstDeployment(options));
  await clock.advance(10_000);
  if (options.adopt === false) return world;
  startOperator();
  await admin.create(resources.canaryReleases, firstRelease(options));
  await world.until(
    'armed',
    (now) => now.conditions?.some((item) => item.type === 'Ready' && item.status === 'True') === true,
    60,
  );
  return world;
}

export function tagOf(template: PodTemplate): string {
  return template.spec.containers[0]?.image?.split(':')[1] ?? '';
}

function firstDeployment({ replicas = 3, deployment = {} }: WorldOptions): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'shop', namespace: NAMESPACE },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'shop' } },
      template: { metadata: { labels: { app: 'shop' } }, spec: { containers: [{ name: 'app', image: 'shop:v1' }] } },
      ...deployment,
    },
  };
}

export function firstRelease({ spec = {} }: WorldOptions = {}): KubeObject {
  return {
    apiVersion: 'tandem.dev/v1alpha1',
    kind: 'CanaryRelease',
    metadata: { name: 'checkout', namespace: NAMESPACE },
    spec: { targetRef: { name: 'shop' }, ...spec },
  };
}

function scripted(canaryUid: string, script: Script, elapsed: number, now: number): Measurement {
  const said = elapsed >= (script.after ?? 30);
  const traffic = script.traffic ?? true;
  const count = traffic ? Math.round(elapsed * 10) : 0;
  const name = said ? script.verdict : 'Undecided';
  const verdict: Verdict = {
    verdict: name,
    ...(name === 'Regression' ? { reason: 'latency-p95' } : {}),
    ...(name === 'Regression' && script.borderline === true ? { borderline: true as const } : {}),
    sentence: `${name} after ${Math.floor(elapsed / 60) * 60} s`,
    requests: { stable: count * 3, canary: count },
    metrics: [],
    missing: [],
    warnings: warningAt(script, elapsed),
    weakPass: script.weakPass ?? false,
    traffic,
  };
  const source: SourceState =
    script.source === 'Failed'
      ? { state: 'Failed', at: now, since: now, message: 'connection refused' }
      : { state: 'Collecting', at: now };
  return { canaryUid, verdict, source, sourceName: 'default', preset: 'prom-http', gonePods: [] };
}

function warningAt({ warning }: Script, elapsed: number): string[] {
  return warning !== undefined && elapsed >= warning.from && elapsed < warning.to ? [warning.text] : [];
}

function shown(status: CanaryReleaseStatus): object {
  const { phase, message, canary, ledger = [] } = status;
  return {
    phase,
    message,
    canary,
    ledger: ledger.map((entry) => [entry.revision.slice(0, 10), entry.outcome, entry.reason]),
  };
}

interface WatchdogInput {
  sandbox: Sandbox;
  clock: FakeClock;
  violations: string[];
  sets(): ReplicaSet[];
}

/** Looks at the cluster before every call of anybody: what must always hold. */
function createWatchdog({ sandbox, clock, violations, sets }: WatchdogInput): () => void {
  const approved = new Set<string>();
  const revisions = new WeakMap<PodTemplate, string>();
  /** Stored objects do not change: the same template is the same revision at every call. */
  const revisionIn = ({ spec: { template } }: ReplicaSet): string => {
    const revision = revisions.get(template) ?? revisionOf(template);
    revisions.set(template, revision);
    return revision;
  };
  let uid: string | undefined;
  const say = (text: string): void => {
    const line = `${((clock.now() - START) / 1000).toFixed(1)} s: ${text}`;
    if (violations.length < 20) violations.push(line);
  };
  let whole = false;
  let asked = 0;
  let scaling = false;
  /** From the moment all pods were ready until somebody asks for more of them. */
  const checkCapacity = (target: Deployment): void => {
    const wanted = target.spec.replicas ?? 1;
    const pods = sandbox
      .peek<Pod>(resources.pods, NAMESPACE)
      .filter((pod) => !(TRACK_LABEL in (pod.metadata.labels ?? {})));
    const ready = pods.filter(isReady).length;
    // Scaled by somebody in the middle of a rollout, the controller takes pods of both versions.
    if (wanted !== asked) scaling = true;
    if (isComplete(target)) scaling = false;
    if (scaling) whole = false;
    if (!scaling && ready >= wanted && wanted > 0) whole = true;
    asked = wanted;
    const { unavailable } = rollingBounds(target);
    // What the controller itself does in a rollout that runs is not Tandem's.
    if (whole && target.spec.paused === true && ready < wanted - unavailable)
      say(`${ready} of ${wanted} pods are ready, ${unavailable} may be missing`);
  };
  return () => {
    const target = sandbox
      .peek<Deployment>(resources.deployments, NAMESPACE)
      .find((item) => item.metadata.name === 'shop');
    const release = sandbox.peek<CanaryRelease>(resources.canaryReleases, NAMESPACE)[0];
    const gate = target?.metadata.labels?.[GATE_LABEL];
    if (target === undefined || gate === undefined || gate === 'open') {
      approved.clear();
      return;
    }
    const active = sets().filter((set) => (set.spec.replicas ?? 0) > 0);
    if (approved.size === 0 || uid !== target.metadata.uid) {
      approved.clear();
      for (const set of active) approved.add(revisionIn(set));
      uid = target.metadata.uid;
    }
    for (const entry of release?.status?.ledger ?? [])
      if (['Promoting', 'Promoted', 'Untested', 'Adopted', 'Bypassed'].includes(entry.outcome))
        approved.add(entry.revision);
    for (const set of active)
      if (!approved.has(revisionIn(set)))
        say(`unapproved version ${tagOf(set.spec.template)} has ${set.spec.replicas} pods (gate ${gate})`);
    const paused = target.spec.paused === true;
    if (paused !== (gate === 'holding' || gate === 'rejected')) say(`gate ${gate} with paused ${paused}`);
    for (const track of ['canary', 'baseline']) {
      const found = sandbox
        .peek<Deployment>(resources.deployments, NAMESPACE)
        .filter((item) => item.metadata.labels?.[TRACK_LABEL] === track);
      if (found.length > 1) say(`${found.length} Deployments of track ${track}`);
    }
    checkCapacity(target);
  };
}

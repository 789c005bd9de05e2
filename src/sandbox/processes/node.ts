import { type KubeObject, type Pod, resources } from '../../kube/object.ts';
import type { PartContext, SandboxPart } from '../part.ts';

import type { FindSource } from './environment.ts';
import type { Guardian } from './guardian.ts';
import type { Images } from './images.ts';
import type { LogBuffer } from './log-buffer.ts';
import { residentMemory } from './memory.ts';
import { createPodRun, type PodRun } from './pod-run.ts';
import { statusOf } from './pod-status.ts';
import { type NodeTiming, usualTiming } from './timing.ts';

const nodeName = 'sandbox-node';

export interface ProcessNodeOptions {
  /** Which program an image is. An image that it does not know cannot be pulled. */
  images: Images;
  /** Outlives the node: whoever made it closes it. */
  guardian: Guardian;
  timing?: Partial<NodeTiming>;
}

/** The node that runs pods as processes of this machine. */
export interface ProcessNode extends SandboxPart {
  /** Output of a container of a pod (the first when absent), of its run before when `previous`. */
  log(namespace: string, pod: string, options?: { container?: string; previous?: boolean }): LogBuffer | undefined;
  /** Process ids of all containers that run. */
  pids(): number[];
  /** Ends all processes, by SIGKILL after `graceMs`; resolves when none is left. No pod is started any more. */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Scheduler and kubelet of one node: each container of a pod is a Node program, with the pod's environment, probes,
 * restarts and limits of memory. However this process ends, no program is left behind. Pass it as `node` to
 * `createSandbox`, together with `portWebhook`.
 */
export function createProcessNode(options: ProcessNodeOptions): (context: PartContext) => ProcessNode {
  return ({ api, clock }) => {
    const timing = { ...usualTiming, ...options.timing };
    const { guardian } = options;
    const pods = new Map<string, PodRun>();
    let stopped = false;
    let cancelMemory = clock.after(timing.memoryMs, checkMemory);

    function read({ metadata }: KubeObject): Pod | undefined {
      const found = api.get<Pod>(resources.pods, metadata.namespace, metadata.name);
      return found?.metadata.uid === metadata.uid ? found : undefined;
    }

    function report(run: PodRun, ended: boolean): void {
      const pod = read(run.pod);
      if (pod === undefined) return;
      api.updateStatus<Pod>(resources.pods, pod, (copy) => {
        copy.status = statusOf(pod, run.views(), ended, clock.now());
      });
    }

    function welcome(pod: Pod): void {
      const uid = pod.metadata.uid ?? '';
      if (stopped || pods.has(uid)) return;
      if (pod.metadata.deletionTimestamp !== undefined) return remove(pod);
      const find: FindSource = (kind, name) =>
        api.get(kind === 'Secret' ? resources.secrets : resources.configMaps, pod.metadata.namespace, name);
      const bound =
        pod.spec.nodeName === undefined
          ? api.update<Pod>(resources.pods, pod, (copy) => {
              copy.spec.nodeName = nodeName;
            })
          : pod;
      const changed = (): void => {
        if (!stopped) report(run, run.ended());
      };
      const run: PodRun = createPodRun({ pod: bound, images: options.images, find, clock, guardian, timing, changed });
      pods.set(uid, run);
      changed();
    }

    async function leave(run: PodRun, pod: Pod): Promise<void> {
      await run.stop(Number(pod.metadata['deletionGracePeriodSeconds'] ?? 0) * 1000);
      report(run, true);
      remove(run.pod);
    }

    function remove(pod: Pod): void {
      if (read(pod) !== undefined)
        api.delete(resources.pods, pod, { gracePeriodSeconds: 0, uid: pod.metadata.uid ?? '' });
    }

    function checkMemory(): void {
      const runs = [...pods.values()].flatMap((pod) => pod.runs());
      void residentMemory(runs.flatMap(({ pid }) => pid ?? [])).then((sizes) => {
        for (const run of runs) run.checkMemory(sizes.get(run.pid ?? 0) ?? 0);
        if (!stopped) cancelMemory = clock.after(timing.memoryMs, checkMemory);
      });
    }

    return {
      notify(event) {
        if (event.resource.plural !== resources.pods.plural || stopped) return;
        const pod = event.object as Pod;
        const uid = pod.metadata.uid ?? '';
        const run = pods.get(uid);
        if (event.type === 'DELETED') {
          pods.delete(uid);
          void run?.stop(0);
          return;
        }
        // Not in the middle of the write that this hears of.
        if (run === undefined) clock.after(0, () => welcomeAgain(pod));
        else if (isNewlyDeleted(event.before, pod)) void leave(run, pod);
      },
      log(namespace, name, { container, previous = false } = {}) {
        const run = [...pods.values()].find(
          ({ pod: { metadata } }) => metadata.namespace === namespace && metadata.name === name,
        );
        const found = run?.runs().find((one) => container === undefined || one.container.name === container);
        return found?.log(previous);
      },
      pids: () => [...pods.values()].flatMap((pod) => pod.runs().flatMap(({ pid }) => pid ?? [])),
      async stop(graceMs = 0) {
        stopped = true;
        cancelMemory();
        await Promise.all([...pods.values()].map((run) => run.stop(graceMs)));
      },
    };

    function welcomeAgain(seen: Pod): void {
      const pod = read(seen);
      if (pod !== undefined) welcome(pod);
    }
  };
}

/** A deletion, or an earlier end of one. */
function isNewlyDeleted(before: KubeObject | undefined, pod: Pod): boolean {
  return (
    pod.metadata.deletionTimestamp !== undefined &&
    pod.metadata['deletionGracePeriodSeconds'] !== before?.metadata['deletionGracePeriodSeconds']
  );
}

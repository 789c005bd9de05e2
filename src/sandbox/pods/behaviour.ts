import type { Pod } from '../../kube/object.ts';

/** How a pod fares. Times are seconds; what is absent goes well. */
export interface PodBehaviour {
  /** No node takes it; the scheduler's message. */
  unschedulable?: string;
  /** From a node being found to the start of the containers, the pull of the image included. 1 if absent. */
  startSeconds?: number;
  /** The image cannot be had: there is none of that name, the registry does not answer, or it wants a login. */
  imagePull?: 'NotFound' | 'Timeout' | 'Unauthorized';
  /** CreateContainerConfigError with this message, for example `configmap "x" not found`. */
  configError?: string;
  /** From the start of the containers to readiness. 1 if absent. */
  readySeconds?: number | 'never';
  /** A container ends that long after each of its starts, `times` times or always. */
  crash?: { afterSeconds: number; reason?: 'Error' | 'OOMKilled'; exitCode?: number; times?: number; message?: string };
  /** Readiness lost and regained, from the start of the containers; without `to` for good. */
  unready?: { from: number; to?: number }[];
  /** The node evicts it, that long after the start of the containers. */
  evict?: { afterSeconds: number; message?: string };
  /** The container that fares so; the first if absent. */
  container?: string;
  /** From its deletion to its end, its grace period at most. 1 if absent. */
  terminateSeconds?: number;
}

/** Answers how a pod fares, or undefined when it says nothing about that pod. */
export type BehaviourOf = (pod: Pod) => PodBehaviour | undefined;

export interface PodModel {
  /**
   * Sets how pods fare from now on. The last one set that answers counts. Pods that run already take it up at once;
   * its times count from now for them.
   */
  behave(behaviour: BehaviourOf): void;
  /** All pods are well from now on. */
  heal(): void;
}

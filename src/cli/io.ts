import type { KubeApi } from '../kube/api.ts';
import type { Clock } from '../lib/clock.ts';

export interface ClusterOptions {
  context?: string;
  kubeconfig?: string;
  /** Owner of the fields that are written; `tandem` if absent. */
  fieldManager?: string;
}

export interface Cluster {
  api: KubeApi;
  /** Namespace of the context, for commands without -n. */
  namespace: string;
  /** Ends pooled connections, which would keep the process alive. */
  close(): Promise<void>;
}

/** Everything a command touches outside itself, so that commands run in tests as they do in a terminal. */
export interface CliIo {
  /** What the person typed to start the program: `tandem` or `kubectl tandem`. */
  program: string;
  stdout(text: string): void;
  stderr(text: string): void;
  /** Standard output is a terminal that wants colours. */
  color: boolean;
  clock: Clock;
  /** Aborts at Ctrl-C, which from then on no longer ends the process by itself. */
  interrupted(): AbortSignal;
  connect(options: ClusterOptions): Promise<Cluster>;
}

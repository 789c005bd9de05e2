import { createKubeApi } from '../kube/client.ts';
import { loadClusterConfig } from '../kube/config.ts';
import { systemClock } from '../lib/clock.ts';
import { CliError, exitCodes } from './exit.ts';
import type { Cluster, ClusterOptions } from './io.ts';
import { version } from './version.ts';

/** The cluster that kubectl would talk to with the same options. Throws CliError where none is configured. */
export async function connect({ fieldManager, ...options }: ClusterOptions): Promise<Cluster> {
  const config = configOf(options);
  const api = createKubeApi({
    config,
    clock: systemClock,
    random: Math.random,
    userAgent: `tandem/${version}`,
    ...(fieldManager === undefined ? {} : { fieldManager }),
  });
  return { api, namespace: config.namespace, close: () => api.close() };
}

function configOf(options: ClusterOptions): ReturnType<typeof loadClusterConfig> {
  try {
    return loadClusterConfig({ clock: systemClock, ...options });
  } catch (error) {
    throw new CliError(exitCodes.failure, error instanceof Error ? error.message : String(error));
  }
}

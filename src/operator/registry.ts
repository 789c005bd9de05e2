import { collectDefaultMetrics, Registry } from 'prom-client';

/** Where all metrics of the process are kept: memory, CPU and event loop from the start. One for each process. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

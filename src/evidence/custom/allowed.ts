import { z } from 'zod';

/** Who may ask queries of their own, from the operator's configuration. Nobody where it says nothing. */
export const CustomMetrics = z.strictObject({
  /** Namespaces; "*" stands for all. */
  namespaces: z.array(z.string().min(1).max(63)).max(10_000),
});
export type CustomMetrics = z.infer<typeof CustomMetrics>;

/** Whether releases of a namespace may have custom metrics. */
export function allowsCustom(config: CustomMetrics | undefined, namespace: string): boolean {
  return config?.namespaces.some((name) => name === '*' || name === namespace) === true;
}

/** Said where they may not. */
export function customRefusal(namespace: string): string {
  return `custom metrics are not allowed in namespace ${namespace}: remove them, or ask who runs Tandem to add the namespace to customMetrics.namespaces in the operator's configuration`;
}

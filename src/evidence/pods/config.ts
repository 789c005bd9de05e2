import { z } from 'zod';

/** `podsSource` of the operator's configuration: pods' own /metrics. A CanaryRelease can change none of it. */
export const PodsSource = z
  .strictObject({
    enabled: z.boolean().default(true),
    /** Seconds between two scrapes of a pod. */
    intervalSeconds: z.int().min(1).max(60).default(2),
    /** For one scrape, from the connection to the last byte. */
    timeoutSeconds: z.number().positive().max(30).default(1),
    /** Of one answer, unpacked. */
    maxBodyBytes: z
      .int()
      .min(1024)
      .max(256 * 1024 * 1024)
      .default(10 * 1024 * 1024),
    /** Scrapes under way at once, over all releases. */
    concurrency: z.int().min(1).max(512).default(32),
    /** Of one release and track; of more the first by age stand for all. */
    maxPods: z.int().min(1).max(500).default(30),
    /** Namespaces whose pods may be scraped; absent: all. */
    namespaces: z.array(z.string().min(1)).optional(),
    /** Pods on the node's network: their address is the node's, with every port of the node. */
    allowHostNetwork: z.boolean().default(false),
    /** For the sandbox, where pods are processes of this machine. Never in a cluster. */
    allowLoopback: z.boolean().default(false),
    /** Scrape pods that ask for https although a pod has no name that a certificate could prove. */
    insecureSkipVerify: z.boolean().default(false),
  })
  .refine(({ timeoutSeconds, intervalSeconds }) => timeoutSeconds <= intervalSeconds, {
    path: ['timeoutSeconds'],
    message: 'is longer than intervalSeconds: a scrape must end before the next one',
  });
export type PodsSource = z.infer<typeof PodsSource>;
/** As it may be written, before defaults. */
export type PodsSourceInput = z.input<typeof PodsSource>;

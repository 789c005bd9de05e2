import { GROUP, KIND } from './names.ts';
import { canaryRelease } from './schema.ts';
import { type Schema, structural } from './structural.ts';

/** Above this an object does not fit into the annotation of a client-side `kubectl apply`. */
const largestCrd = 256 * 1024;

const columns = [
  { name: 'Target', jsonPath: '.spec.targetRef.name', description: 'The Deployment whose versions are tested.' },
  { name: 'Phase', jsonPath: '.status.phase', description: 'Where the release stands.' },
  { name: 'Verdict', jsonPath: '.status.analysis.verdict', description: 'What the comparison says.' },
  { name: 'Stable', jsonPath: '.status.stable.revision', description: 'Revision that serves.' },
  { name: 'Canary', jsonPath: '.status.canary.revision', description: 'Revision under test.' },
  { name: 'Share', jsonPath: '.status.canary.share', description: 'Share of the canary in all pods.' },
] as const;

/** The schema of the whole object, with the parts that the API server adds. */
export function releaseSchema(): Schema {
  const schema = structural(canaryRelease);
  const { properties, ...rest } = schema;
  return {
    ...rest,
    properties: {
      apiVersion: { description: 'Version of the API, tandem.dev/v1alpha1.', type: 'string' },
      kind: { description: 'CanaryRelease.', type: 'string' },
      metadata: { type: 'object' },
      ...properties,
    },
    required: ['spec'],
  };
}

/** The CustomResourceDefinition, as written to crds/. */
export function crd(): Record<string, unknown> {
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `canaryreleases.${GROUP}`,
      labels: { 'app.kubernetes.io/name': 'tandem', 'app.kubernetes.io/part-of': 'tandem' },
    },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind: KIND,
        listKind: `${KIND}List`,
        plural: 'canaryreleases',
        singular: 'canaryrelease',
        shortNames: ['crel'],
        categories: ['all', 'tandem'],
      },
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [
            ...columns.map((column) => ({ ...column, type: 'string' })),
            {
              name: 'Age',
              jsonPath: '.metadata.creationTimestamp',
              type: 'date',
              description: 'Age of the CanaryRelease.',
            },
            {
              name: 'Message',
              jsonPath: '.status.message',
              type: 'string',
              priority: 1,
              description: 'What is going on.',
            },
          ],
          schema: { openAPIV3Schema: releaseSchema() },
        },
      ],
    },
  };
  const size = JSON.stringify(definition).length;
  if (size > largestCrd)
    throw new Error(`the CRD has ${size} bytes, more than the ${largestCrd} that kubectl apply can take`);
  return definition;
}

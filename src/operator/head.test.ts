import { expect, it } from 'vitest';
import { headOf, headWithStatus } from './head.ts';

const labels = { 'tandem.dev/gate': 'armed' };
const target = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'shop',
    namespace: 'team-a',
    uid: '1',
    generation: 4,
    resourceVersion: '77',
    labels,
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{...}' },
    managedFields: [{ manager: 'kubectl' }],
  },
  spec: { replicas: 3, template: { spec: { containers: [] } } },
  status: { replicas: 3, observedGeneration: 4 },
};
const metadata = { name: 'shop', namespace: 'team-a', uid: '1', generation: 4, resourceVersion: '77', labels };

it('keeps who an object is', () => {
  expect(headOf(target)).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', metadata });
});

it('keeps how far a target is', () => {
  expect(headWithStatus(target)).toEqual({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    status: target.status,
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PodTemplate } from '../kube/object.ts';
import { revisionOf, sameRollout, shortRevision } from './revision.ts';
import { template } from './testing/objects.ts';

describe('revisionOf', () => {
  it('is 128 bits in hex', () => {
    expect(revisionOf(template('v1'))).toMatch(/^[0-9a-f]{32}$/);
    expect(shortRevision(revisionOf(template('v1')))).toHaveLength(10);
  });

  it('does not see what Kubernetes and a restart add', () => {
    const plain = template('v1');
    const added: PodTemplate = {
      ...plain,
      metadata: {
        labels: { ...plain.metadata?.labels, 'pod-template-hash': 'abc' },
        annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' },
        creationTimestamp: null,
      },
    };

    expect(revisionOf(added)).toBe(revisionOf(plain));
    expect(sameRollout(added, plain)).toBe(false);
  });

  it.each<[string, PodTemplate]>([
    ['image', template('v2')],
    ['label', { ...template('v1'), metadata: { labels: { app: 'shop', tier: 'web' } } }],
    ['a field nobody knows', template('v1', { fieldFromTheFuture: 1 })],
    ['order of containers', template('v1', { containers: [{ name: 'b' }, { name: 'a' }] })],
  ])('sees a change of %s', (_, changed) => {
    expect(revisionOf(changed)).not.toBe(revisionOf(template('v1')));
  });

  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (extra) => {
        const reversed = Object.fromEntries(Object.entries(extra).reverse());
        expect(revisionOf(template('v1', { extra: reversed }))).toBe(revisionOf(template('v1', { extra })));
      }),
    );
  });
});

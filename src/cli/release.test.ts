import { expect, it } from 'vitest';
import type { CanaryRelease } from '../api/schema.ts';
import { messageOf, parseName, phaseOf, type Release, sameRevision } from './release.ts';
import { inPhase, release } from './testing/fixtures.ts';

it('reads every CanaryRelease that the API can hold', () => {
  // Compiles only while the loose view fits the strict one.
  const strict: CanaryRelease = {
    apiVersion: 'tandem.dev/v1alpha1',
    kind: 'CanaryRelease',
    metadata: { name: 'checkout' },
    spec: { targetRef: { name: 'checkout' } },
    status: { observedGeneration: 1, phase: 'Idle', message: 'nothing to do' },
  };
  const loose: Release = strict;

  expect([phaseOf(loose), messageOf(loose)]).toEqual(['Idle', 'nothing to do']);
});

it('takes the message of the condition that matters where the status has none', () => {
  expect(messageOf(inPhase('Held', { message: 'waits' }))).toBe('waits');
  expect(messageOf(release())).toBe('');
});

it.each([
  ['checkout', 'checkout'],
  ['crel/checkout', 'checkout'],
  ['canaryrelease/checkout', 'checkout'],
  ['canaryreleases.tandem.dev/checkout', 'checkout'],
])('%s names %s', (text, name) => {
  expect(parseName(text)).toBe(name);
});

it.each([
  ['abcdef0123', 'abcdef0123456789', true],
  ['abcdef0123456789', 'abcdef0123', true],
  ['abcdef', 'abcde0', false],
  ['', 'abcdef', false],
  [undefined, undefined, false],
])('%s and %s name one revision: %s', (a, b, same) => {
  expect(sameRevision(a, b)).toBe(same);
});

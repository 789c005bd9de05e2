import { describe, expect, it } from 'vitest';
import { API_VERSION, KIND } from '../api/names.ts';
import type { CanaryRelease, Phase } from '../api/schema.ts';
import { createFakeClock } from '../lib/fake-clock.ts';
import { createJournals } from './journal.ts';

const START = Date.UTC(2026, 10, 20, 10);

function release(phase: Phase, at: string): CanaryRelease {
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { namespace: 'shop', name: 'checkout' },
    spec: { targetRef: { name: 'checkout' } },
    status: { observedGeneration: 1, phase, phaseSince: at },
  };
}

const event = (reason: string) => ({ type: 'Normal', reason, action: 'Act', note: `of ${reason}` }) as const;

describe('the journal of a release', () => {
  it('knows nothing before the process began, and says since when', () => {
    expect(createJournals(createFakeClock(START)).of('shop/checkout')).toEqual({
      since: '2026-11-20T10:00:00Z',
      phases: [],
      events: [],
    });
  });

  it('keeps each phase once and the newest event first', async () => {
    const clock = createFakeClock(START);
    const journals = createJournals(clock);
    for (const at of ['2026-11-20T10:00:00Z', '2026-11-20T10:00:00Z']) journals.see(release('Starting', at));
    journals.see(release('Analyzing', '2026-11-20T10:00:20Z'));
    journals.event('shop/checkout', event('CanaryStarted'));
    await clock.advance(20_000);
    journals.event('shop/checkout', event('CanaryReady'));

    const { phases, events } = journals.of('shop/checkout');

    expect(phases).toEqual([
      { phase: 'Starting', at: '2026-11-20T10:00:00Z' },
      { phase: 'Analyzing', at: '2026-11-20T10:00:20Z' },
    ]);
    expect(events).toEqual([
      { at: '2026-11-20T10:00:20Z', type: 'Normal', reason: 'CanaryReady', note: 'of CanaryReady' },
      { at: '2026-11-20T10:00:00Z', type: 'Normal', reason: 'CanaryStarted', note: 'of CanaryStarted' },
    ]);
    journals.forget('shop/checkout');
    expect(journals.of('shop/checkout').events).toEqual([]);
  });

  it('has bounds, by release and in all', () => {
    const journals = createJournals(createFakeClock(START));
    for (let index = 0; index < 100; index += 1) journals.event('a/a', event(`e${index}`));
    expect(journals.of('a/a').events).toHaveLength(40);
    expect(journals.of('a/a').events[0]?.reason).toBe('e99');
    for (let index = 0; index < 2000; index += 1) journals.event(`a/${index}`, event('one'));
    expect(journals.of('a/a').events).toEqual([]);
  });
});

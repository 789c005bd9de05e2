import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { steady, usualSpec } from '../judge/engine/testing/steady.ts';
import { recordingOf } from '../judge/recording/write.ts';
import { bounded } from './bounded.ts';
import { recordKey } from './kept.ts';
import { decodeRecord, encodeRecord, type ReleaseRecord } from './record.ts';
import { aRecord } from './testing/records.ts';

const start = Date.UTC(2026, 10, 21);

function recordAt(hour: number, change: Partial<ReleaseRecord>): ReleaseRecord {
  return aRecord({ started: new Date(start + hour * 3_600_000).toISOString(), ...change });
}

function sizeOf(records: ReadonlyMap<string, Buffer>): number {
  return [...records].reduce((sum, [key, bytes]) => sum + key.length + bytes.length, 0);
}

/** Records with recordings, courses and texts of all sizes, in any order, and what is no record among them. */
const maps = fc
  .uniqueArray(
    fc.record({
      hour: fc.integer({ min: 0, max: 100 }),
      slots: fc.constantFrom(0, 1, 4),
      filler: fc.constantFrom(0, 10, 3000),
    }),
    { selector: ({ hour }) => hour, maxLength: 8 },
  )
  .map((items) => {
    const records = items.map(({ hour, slots, filler }): [string, Buffer] => {
      const evidence = steady((slot, pod) => ({ requests: 300 + ((slot * 7 + pod.length) % 90) }), { slots });
      const recording =
        slots === 0 ? {} : { recording: recordingOf(evidence, 'one', usualSpec) ?? {}, asked: usualSpec };
      const record = recordAt(hour, { ...recording, sentence: randomBytes(filler).toString('hex') });
      return [recordKey(record), encodeRecord(record)];
    });
    return new Map([...records, ['notes.txt', Buffer.from('not a record')]]);
  });

describe('what is kept of releases', () => {
  it('never is more than it may be, and is always the newest', () => {
    const limits = fc.record({ keep: fc.integer({ min: 1, max: 5 }), bytes: fc.integer({ min: 10_000, max: 30_000 }) });
    fc.assert(
      fc.property(maps, limits, (records, bounds) => {
        const kept = bounded(records, bounds);
        const newest = [...records.keys()]
          .filter((key) => key !== 'notes.txt')
          .toSorted()
          .toReversed();
        expect(sizeOf(kept)).toBeLessThanOrEqual(bounds.bytes);
        expect([...kept.keys()]).toEqual(byStart(newest).slice(0, kept.size));
        expect(kept.size).toBeLessThanOrEqual(bounds.keep);
        if (newest.length > 0) expect(kept.size).toBeGreaterThan(0);
        expect(bounded(kept, bounds)).toEqual(kept);
        const plain = bounded(records, { ...bounds, bytes: 1e9 });
        for (const [key, bytes] of plain) expect(bytes).toBe(records.get(key));
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });

  it('loses the recordings of the oldest first, then their plots, and says so', () => {
    const evidence = steady(() => ({}), { slots: 10 });
    const recording = recordingOf(evidence, 'one', usualSpec) ?? {};
    const records = [1, 2, 3].map((hour) => recordAt(hour, { recording, asked: usualSpec }));
    const all = new Map(records.map((record) => [recordKey(record), encodeRecord(record)]));
    const at = (bytes: number): ReleaseRecord[] => [...bounded(all, { keep: 5, bytes }).values()].map(decodeRecord);

    const [third, second, first] = at(sizeOf(all) - 1);
    expect([third?.recording, second?.recording]).toEqual([recording, recording]);
    expect(first).toMatchObject({ lacks: ['the recording: it made room for newer releases'] });
    expect(first?.recording).toBeUndefined();
    expect(first?.course?.metrics[0]?.points).toHaveLength(10);

    const [bare, ...none] = at(encodeRecord(recordAt(3, {})).length + 400);
    expect(none).toEqual([]);
    expect(bare?.recording).toBeUndefined();
    expect(bare?.course).toBeUndefined();
    expect(bare?.lacks).toEqual([
      'the recording: it is larger than all that is kept',
      'the plots: they made room for newer releases',
    ]);
  });

  it('leaves alone what it cannot read, until there is no room', () => {
    const [older, newer] = [recordAt(1, {}), recordAt(2, {})];
    const foreign = encodeRecord({ ...older, version: 9 } as unknown as ReleaseRecord);
    const all = new Map([
      [recordKey(older), foreign],
      [recordKey(newer), encodeRecord(newer)],
    ]);
    expect(bounded(all, { keep: 5, bytes: 10_000 }).get(recordKey(older))).toBe(foreign);
    expect([...bounded(all, { keep: 5, bytes: sizeOf(all) - 1 }).keys()]).toEqual([recordKey(newer)]);
  });
});

function byStart(keys: string[]): string[] {
  const startedAt = (key: string): number => Number(key.split('.')[1]);
  return keys.toSorted((a, b) => startedAt(b) - startedAt(a));
}

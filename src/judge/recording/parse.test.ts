import { describe, expect, test } from 'vitest';
import { parseRecording } from './parse.ts';

function recording(): Record<string, unknown> {
  const pod = {
    requests: [0, 5],
    errors: [0, 0],
    buckets: [
      [0, 0],
      [4, 5],
    ],
    cpu_s: [1, 2],
    mem: [7, null],
  };
  return {
    id: 'one',
    scrape_s: 15,
    bounds_s: [0.1],
    canary: ['c'],
    stable: ['s'],
    run: { scrapes: 2, pods: { c: structuredClone(pod), s: structuredClone(pod) } },
  };
}

function at(root: Record<string, unknown>, path: string, value: unknown): Record<string, unknown> {
  const copy = structuredClone(root);
  const keys = path.split('.');
  let node = copy as Record<string, never>;
  for (const key of keys.slice(0, -1)) node = (node[key] ??= {} as never) as unknown as Record<string, never>;
  const last = keys[keys.length - 1] ?? '';
  if (value === undefined) delete node[last];
  else node[last] = value as never;
  return copy;
}

describe('a recording', () => {
  test('becomes evidence', () => {
    const raw = at(recording(), 'run.errorClasses', { '502': { c: [0, 1] } });
    const parsed = parseRecording(JSON.stringify(raw));
    expect(parsed).toMatchObject({
      recording: {
        id: 'one',
        evidence: {
          startedAt: 0,
          scrapeSeconds: 15,
          boundsSeconds: [0.1],
          canary: ['c'],
          stable: ['s'],
          found: { missing: [] },
          run: {
            scrapes: 2,
            pods: {
              c: {
                requests: [0, 5],
                buckets: [
                  [0, 0],
                  [4, 5],
                ],
                cpuSeconds: [1, 2],
                memoryBytes: [7, null],
                errorClasses: { '502': [0, 1] },
              },
            },
          },
        },
      },
    });
  });
  test('may have metrics of its own, which may be below 0', () => {
    const values = { canary: [1, null], stable: [-2, 0] };
    const parsed = parseRecording(JSON.stringify(at(recording(), 'run.custom', { drift: values })));
    expect(parsed).toMatchObject({ recording: { evidence: { custom: { drift: values } } } });
    const plain = parseRecording(JSON.stringify(recording()));
    expect('recording' in plain && 'custom' in plain.recording.evidence).toBe(false);
  });
  test('names what stable does not have', () => {
    const raw = at(
      at(at(recording(), 'run.pods.s.cpu_s', undefined), 'run.pods.s.buckets', undefined),
      'history',
      null,
    );
    expect(parseRecording(JSON.stringify(raw))).toMatchObject({
      recording: { evidence: { found: { missing: ['latency', 'cpu'] } } },
    });
  });
  test.each([
    ['id', undefined, 'id: there is none; write a string'],
    ['scrape_s', 0, 'scrape_s: 0 was found; write the seconds'],
    ['bounds_s', [0.2, 0.1], 'bounds_s[1]: 0.1 was found; write the upper bounds'],
    ['canary', [], 'canary: [] was found; write a list of pod names'],
    ['canary', ['x'], 'canary[0]: x is not in run.pods; add its samples'],
    ['canary', ['s'], 'canary: s is on two tracks'],
    ['stable', ['s', 's'], 'stable[1]: s is there twice'],
    ['run', undefined, 'run: it is missing; write {"scrapes"'],
    ['run.scrapes', 1.5, 'run.scrapes: 1.5 was found; write the number of scrapes'],
    ['run.scrapes', 1e12, 'run.scrapes: 1000000000000 was found'],
    ['run.scrapes', 3, 'run.pods.c.requests: it has 2 samples for 3 scrapes; write one sample per scrape'],
    ['run.pods.s.requests', [0, -1], 'run.pods.s.requests[1]: -1 was found; write one sample per scrape'],
    ['run.pods.s.requests', [0, 'a'], 'run.pods.s.requests[1]: "a" was found'],
    ['run.pods.s.mem', 7, 'run.pods.s.mem: 7 was found'],
    ['run.pods.s.buckets', [null, [1]], 'run.pods.s.buckets[1]: [1] was found; write 2 cumulative counts'],
    ['run.pods.s.buckets', [null, [1, null]], 'run.pods.s.buckets[1][1]: null was found'],
    ['run.errorClasses', { '502': { z: [0, 0] } }, 'run.errorClasses.502.z: there is no such pod'],
    ['run.custom', { drift: { canary: [0] } }, 'run.custom.drift.canary: it has 1 samples for 2 scrapes'],
    ['run.custom', { drift: { canary: [0, 'a'] } }, 'run.custom.drift.canary[1]: "a" was found; write one value'],
    ['history', { scrapes: 1, pods: { s: { requests: [] } } }, 'history.pods.s.requests: it has 0 samples'],
  ])('%s = %j is refused with its path and the mend', (path, value, message) => {
    const parsed = parseRecording(JSON.stringify(at(recording(), path, value)));
    expect('error' in parsed ? parsed.error : undefined).toContain(message);
    expect('error' in parsed ? parsed.id : undefined).toBe(path === 'id' ? null : 'one');
  });
  test('a line that is no JSON keeps its id where one can be read', () => {
    expect(parseRecording('{"id": "a\\"b", "scrape_s": 15,')).toMatchObject({ id: 'a"b' });
    expect(parseRecording('hello')).toMatchObject({ id: null, error: expect.stringContaining('$: not JSON') });
    expect(parseRecording('[]')).toMatchObject({ id: null, error: expect.stringContaining('$: [] was found') });
  });
});

import { describe, expect, it } from 'vitest';
import { parseSpec, toAnalysisSpec } from './schema.ts';

function parsed(raw: unknown) {
  const result = parseSpec(raw);
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.spec;
}

function problems(raw: unknown) {
  const result = parseSpec(raw);
  return 'problems' in result ? result.problems : [];
}

const targetRef = { name: 'checkout' };

describe('parseSpec', () => {
  it('needs nothing but the name of the target', () => {
    expect(parsed({ targetRef })).toEqual({
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'checkout' },
      gate: 'Admission',
      suspend: false,
      promotion: 'Automatic',
      canary: {
        baseline: false,
        startDeadlineSeconds: 300,
        env: { track: 'TANDEM_TRACK', version: 'TANDEM_VERSION' },
        quarantineSeconds: 0,
      },
      analysis: {
        source: 'Auto',
        prometheus: { name: 'default' },
        preset: 'Auto',
        minDurationSeconds: 900,
        deadlineSeconds: 'Auto',
        onUndecided: 'Promote',
        onRegression: 'Rollback',
        falseRollbackRate: 0.01,
        warmupSeconds: 60,
        errors: { enabled: true, tolerance: 0.25, newClasses: true, codes: ['5..'] },
        latency: {
          enabled: true,
          quantiles: [0.5, 0.95],
          tolerance: 0.2,
          absoluteToleranceSeconds: 0.01,
          slowThresholdSeconds: null,
        },
        cpu: { enabled: true, tolerance: 0.2 },
        memory: { enabled: true, tolerance: 0.2 },
        routes: { ignore: ['/healthz', '/readyz', '/livez', '/metrics'] },
        custom: [],
      },
    });
  });

  it('reads durations into seconds, percentages into fractions, and says each value once', () => {
    const { canary, analysis } = parsed({
      targetRef,
      canary: { replicas: 2, startDeadline: '1m30s', quarantine: '1.5h', env: { track: '', version: 'VERSION' } },
      analysis: {
        minDuration: '0s',
        deadline: '90m',
        latency: {
          quantiles: ['.99', '0.99', '0.5'],
          tolerance: '0.5%',
          absoluteTolerance: '250ms',
          slowThreshold: '2s',
        },
        errors: { codes: ['5..', '499', '5..'] },
      },
    });
    expect(canary).toEqual({
      replicas: 2,
      baseline: false,
      startDeadlineSeconds: 90,
      quarantineSeconds: 5400,
      env: { track: '', version: 'VERSION' },
    });
    expect(analysis).toMatchObject({ minDurationSeconds: 0, deadlineSeconds: 5400 });
    expect(analysis.latency).toEqual({
      enabled: true,
      quantiles: [0.99, 0.5],
      tolerance: 0.005,
      absoluteToleranceSeconds: 0.25,
      slowThresholdSeconds: 2,
    });
    expect(analysis.errors.codes).toEqual(['5..', '499']);
  });

  it('ignores fields that it does not know', () => {
    expect(parsed({ targetRef, later: { a: 1 }, analysis: { custom: [] } })).toEqual(parsed({ targetRef }));
  });

  it.each([
    ['no spec', undefined, 'spec.targetRef', 'is required'],
    ['no name', { targetRef: {} }, 'spec.targetRef.name', 'is required'],
    ['another kind', { targetRef: { ...targetRef, kind: 'StatefulSet' } }, 'spec.targetRef.kind', 'Deployment'],
    ['two sizes', { targetRef, canary: { percent: 10, replicas: 1 } }, 'spec.canary.replicas', 'exclude each other'],
    ['a share over a half', { targetRef, canary: { percent: 51 } }, 'spec.canary.percent', '50'],
    [
      'one variable twice',
      { targetRef, canary: { env: { track: 'A', version: 'A' } } },
      'spec.canary.env.version',
      'different',
    ],
    [
      'no time to start',
      { targetRef, canary: { startDeadline: '1s' } },
      'spec.canary.startDeadline',
      'from 10s to 24h',
    ],
    ['a number without unit', { targetRef, analysis: { warmup: '60' } }, 'spec.analysis.warmup', '"90s"'],
    [
      'a tolerance without %',
      { targetRef, analysis: { cpu: { tolerance: '20' } } },
      'spec.analysis.cpu.tolerance',
      '"20%"',
    ],
    [
      'an absolute tolerance that is none',
      { targetRef, analysis: { latency: { absoluteTolerance: '10%' } } },
      'spec.analysis.latency.absoluteTolerance',
      'duration',
    ],
    [
      'a deadline before the soak',
      { targetRef, analysis: { deadline: '15m' } },
      'spec.analysis.deadline',
      'raise deadline',
    ],
    [
      'a quantile of 0',
      { targetRef, analysis: { latency: { quantiles: ['0.5', '0.0'] } } },
      'spec.analysis.latency.quantiles[1]',
      'between 0 and 1',
    ],
    [
      'a quantile of more than 1',
      { targetRef, analysis: { latency: { quantiles: ['1.5'] } } },
      'spec.analysis.latency.quantiles[0]',
      'between 0 and 1',
    ],
    [
      'a broken expression',
      { targetRef, analysis: { errors: { codes: ['5..', '5('] } } },
      'spec.analysis.errors.codes[1]',
      'is not a regular expression',
    ],
    [
      'an expression that leaves its quotes',
      { targetRef, analysis: { errors: { codes: ['5"} or up{'] } } },
      'spec.analysis.errors.codes[0]',
      'without quotes and braces',
    ],
    [
      'a back reference',
      { targetRef, analysis: { errors: { codes: ['(5)\\1'] } } },
      'spec.analysis.errors.codes[0]',
      'back reference',
    ],
  ])('finds %s', (_, raw, path, message) => {
    expect(problems(raw)).toEqual([{ path, message: expect.stringContaining(message) as string }]);
  });

  it.each(['20%', '20.0%', '0.001%', '0.05%', '19.5%', '1%'])('takes %s as a rate of false rollbacks', (rate) => {
    const { analysis } = parsed({ targetRef, analysis: { falseRollbackRate: rate } });
    expect(analysis.falseRollbackRate).toBeCloseTo(Number.parseFloat(rate) / 100, 9);
    expect(toAnalysisSpec(parsed({ targetRef, analysis: { falseRollbackRate: rate } })).falseRollbackRate).toBe(
      analysis.falseRollbackRate,
    );
  });

  it.each(['0%', '0.0%', '0.000%', '20.1%', '21%', '100%', '1', '-1%'])(
    'takes no %s as a rate of false rollbacks',
    (rate) => {
      expect(problems({ targetRef, analysis: { falseRollbackRate: rate } }).map(({ path }) => path)).toContain(
        'spec.analysis.falseRollbackRate',
      );
    },
  );

  it('finds that nothing at all is judged', () => {
    const off = { enabled: false };
    const analysis = { errors: off, latency: off, cpu: off, memory: off };
    expect(problems({ targetRef, analysis })).toEqual([
      { path: 'spec.analysis', message: expect.stringContaining('switch one on') as string },
    ]);
    expect(problems({ targetRef, analysis: { ...analysis, memory: { enabled: true } } })).toEqual([]);
  });

  it('finds all mistakes of one spec at once', () => {
    const raw = { targetRef: {}, gate: 'Door', analysis: { preset: 'Has Space' } };
    expect(problems(raw).map(({ path }) => path)).toEqual(['spec.targetRef.name', 'spec.gate', 'spec.analysis.preset']);
  });
});

describe('toAnalysisSpec', () => {
  it('gives the judge plain numbers', () => {
    expect(toAnalysisSpec(parsed({ targetRef, analysis: { memory: { enabled: false } } }))).toEqual({
      minDurationSeconds: 900,
      warmupSeconds: 60,
      falseRollbackRate: 0.01,
      errors: { enabled: true, tolerance: 0.25, newClasses: true },
      latency: {
        enabled: true,
        quantiles: [0.5, 0.95],
        tolerance: 0.2,
        absoluteToleranceSeconds: 0.01,
        slowThresholdSeconds: null,
      },
      cpu: { enabled: true, tolerance: 0.2 },
      memory: { enabled: false, tolerance: 0.2 },
    });
  });
});

describe('custom metrics', () => {
  const query = 'max(queue_age_seconds{namespace="{{namespace}}", pod=~"{{pods}}"})';
  const spec = (...custom: unknown[]) => ({ targetRef, analysis: { custom } });

  it('have defaults, and reach the judge without their queries', () => {
    const whole = parsed(spec({ name: 'queue-age', query }));
    const judged = { name: 'queue-age', worse: 'Higher', tolerance: 0.2, critical: true };
    expect(whole.analysis.custom).toEqual([{ ...judged, query }]);
    expect(toAnalysisSpec(whole).custom).toEqual([judged]);
    expect(toAnalysisSpec(parsed({ targetRef })).custom).toBeUndefined();
  });

  it('may be all that is judged, when one of them decides', () => {
    const off = { enabled: false };
    const only = (critical: boolean) => ({
      targetRef,
      analysis: { errors: off, latency: off, cpu: off, memory: off, custom: [{ name: 'a', query, critical }] },
    });
    expect(problems(only(true))).toEqual([]);
    expect(problems(only(false))[0]?.message).toContain('no custom metric is critical');
  });

  it.each([
    ['no namespace', [{ name: 'a', query: 'x{pod=~"{{pods}}"}' }], '[0].query', 'must name {{namespace}}'],
    ['no pods', [{ name: 'a', query: 'x{namespace="{{namespace}}"}' }], '[0].query', 'must name {{pods}}'],
    ['no PromQL', [{ name: 'a', query: `${query} max` }], '[0].query', 'at character 68: this is not PromQL'],
    ['another namespace', [{ name: 'a', query: `${query} or x{namespace="bank"}` }], '[0].query', 'at character 73'],
    [
      'one name twice',
      [
        { name: 'a', query },
        { name: 'a', query },
      ],
      '[1].name',
      'two metrics have this name',
    ],
    ['a name that is none', [{ name: 'A b', query }], '[0].name', 'such as "queue-age"'],
    ['a third direction', [{ name: 'a', query, worse: 'Both' }], '[0].worse', 'Lower'],
    ['no query', [{ name: 'a' }], '[0].query', 'is required'],
  ])('%s', (_, custom, path, message) => {
    const [first] = problems(spec(...custom));
    expect(first?.path).toBe(`spec.analysis.custom${path}`);
    expect(first?.message).toContain(message);
  });

  it('need a Prometheus', () => {
    const raw = { targetRef, analysis: { source: 'Pods', custom: [{ name: 'a', query }] } };
    expect(problems(raw)).toMatchObject([
      { path: 'spec.analysis.custom', message: expect.stringContaining('Prometheus') },
    ]);
  });

  it('are at most ten', () => {
    const many = Array.from({ length: 11 }, (_, i) => ({ name: `m${i}`, query }));
    expect(problems(spec(...many))[0]?.path).toBe('spec.analysis.custom');
  });
});

import { describe, expect, it } from 'vitest';
import { type ParsedSpec, type PlannedStep, parseSpec } from '../api/schema.ts';
import { deadlineSeconds, plannedSteps, shortfall } from './planned.ts';

function spec(analysis: object = {}): ParsedSpec {
  const parsed = parseSpec({ targetRef: { name: 'shop' }, analysis });
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.spec;
}

const step = (what: string, within: string, answer: PlannedStep['answer'] = 'Regression'): PlannedStep => ({
  what,
  answer,
  within,
});

describe('deadline: Auto', () => {
  it('is half an hour where the evidence comes fast, and before anything is planned', () => {
    expect(deadlineSeconds(spec())).toBe(1800);
    expect(deadlineSeconds(spec(), [step('errors doubled', '40s'), step('errors', '3m', 'Pass')])).toBe(1800);
  });
  it('is long enough for what was planned, in steps of five minutes', () => {
    expect(deadlineSeconds(spec(), [step('errors', '50m', 'Pass'), step('errors doubled', '10m')])).toBe(65 * 60);
  });
  it('is two hours at most, and waits for nothing that never comes', () => {
    expect(deadlineSeconds(spec(), [step('errors', '16h', 'Pass')])).toBe(7200);
    expect(deadlineSeconds(spec(), [step('errors doubled', 'never')])).toBe(1800);
  });
  it('is not before the soak', () => {
    expect(deadlineSeconds(spec({ minDuration: '40m' }))).toBe(4800);
    expect(deadlineSeconds(spec({ minDuration: '3h' }))).toBe(3 * 3600 + 60);
  });
  it('gives way to one that is given', () => {
    expect(deadlineSeconds(spec({ deadline: '20m' }), [step('errors', '16h', 'Pass')])).toBe(1200);
  });
});

describe('what cannot arrive in time', () => {
  it('is said with its remedies', () => {
    const planned = [
      step('errors', '16h3m', 'Pass'),
      step('latency-p95', '3h', 'Pass'),
      step('0.5 % new errors', '2h10m'),
      step('latency x1.5', '4m'),
    ];
    expect(shortfall(planned, 7200)).toBe(
      'evidence cannot arrive in time: at this traffic a good version is proven after 16h (errors), 0.5 % new errors would show after 2h, and the deadline is 2h; raise analysis.deadline or canary.percent, widen the tolerance of what is slow, or let a load generator call the service',
    );
  });
  it('is nothing where all of it can, and where a harm is too small to count', () => {
    expect(shortfall([step('errors', '20m', 'Pass'), step('0.5 % new errors', '8m')], 1800)).toBeUndefined();
    expect(shortfall([step('latency x1.5', 'never'), step('CPU x1.3', 'never')], 1800)).toBeUndefined();
    expect(shortfall([step('errors doubled', '20h')], 1800)).toBeUndefined();
  });
  it('names a proof that never comes', () => {
    expect(shortfall([step('errors', 'never', 'Pass')], 1800)).toContain('a good version is proven never (errors)');
  });
});

it('keeps a plan as durations', () => {
  const steps = [
    { what: 'errors', answer: 'Pass' as const, seconds: 3661 },
    { what: 'CPU x1.3', answer: 'Regression' as const, seconds: Infinity },
  ];
  expect(plannedSteps({ canaryRequestsPerSecond: 1, steps })).toEqual([
    step('errors', '1h1m1s', 'Pass'),
    step('CPU x1.3', 'never'),
  ]);
});

import { describe, expect, it } from 'vitest';
import { createStatusFitter } from './fit.ts';
import type { CanaryReleaseStatus } from './schema.ts';
import { status as statusSchema } from './status-schema.ts';

const fit = createStatusFitter();

describe('createStatusFitter', () => {
  it('leaves a status as it is that the API server accepts', () => {
    const status: CanaryReleaseStatus = {
      observedGeneration: 3,
      phase: 'Analyzing',
      canary: { revision: '7f9a02c4d1', images: ['app=x'], replicas: 1, ready: 0 },
      analysis: { metrics: [{ name: 'cpu', verdict: 'Undecided', interval: ['+1%', null] }] },
    };
    expect(fit(status)).toEqual(status);
  });

  it('cuts what the API server would refuse', () => {
    const status: CanaryReleaseStatus = {
      observedGeneration: 3,
      message: 'x'.repeat(10_000),
      warnings: Array.from({ length: 100 }, (_, index) => `${index} ${'\u{1F600}'.repeat(2000)}`),
    };
    const cut = fit(status);
    expect(statusSchema.safeParse(status).success).toBe(false);
    expect(statusSchema.safeParse({ ...cut, warnings: [] }).success).toBe(true);
    expect(cut.message).toMatch(/^x+\.\.\.$/);
    expect(cut.warnings).toHaveLength(20);
    expect(Array.from(cut.warnings?.[0] ?? '')).toHaveLength(1024);
    expect(cut.warnings?.[0]).toMatch(/^0 \u{1F600}+\.\.\.$/u);
  });

  it('takes out what a terminal would obey, and halves of characters, which the API server replaces', () => {
    const evil = 'back-off \u001b]0;title\u0007\u001b[2Jgone\u009b31m\r\nnext\tline \u{1F600}'.concat('\ud83d');
    const { message } = fit({ observedGeneration: 3, message: evil });
    expect(message).toBe('back-off \ufffd]0;title\ufffd\ufffd[2Jgone\ufffd31m\ufffd\nnext\tline \u{1F600}\ufffd');
  });
});

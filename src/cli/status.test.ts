import { describe, expect, it } from 'vitest';
import { formatStatus } from './status.ts';
import { createStyle } from './style.ts';
import { inPhase, ledgerLine, now, release, stableRevision, target } from './testing/fixtures.ts';

const view = { wide: false, now, style: createStyle(false), program: 'tandem' };

const analysing = release({
  status: {
    phase: 'Analyzing',
    message: 'comparing the canary with stable until 2026-11-20T10:30:10Z',
    warnings: ['no Service selects the pods'],
    analysis: {
      verdict: 'Undecided',
      sentence: 'p95 of checkout is 141 ms on canary, 86 ms on stable (limit 103 ms) over 2,703 requests',
      since: '2026-11-20T10:00:10Z',
      until: '2026-11-20T10:30:10Z',
      source: 'Prometheus',
      preset: 'prom-http',
      requests: { stable: 8120, canary: 2703 },
      metrics: [
        {
          name: 'latency-p95',
          unit: 's',
          stable: '0.086',
          canary: '0.141',
          difference: '+64%',
          interval: ['+18%', '+121%'],
          limit: '+20%',
          samples: 2703,
          evidence: 64,
          verdict: 'Undecided',
          query: 'http_request_duration_seconds_bucket',
        },
        { name: 'memory', unit: 'bytes', stable: '125829120', canary: '126877696', evidence: 3, verdict: 'Pass' },
      ],
      missing: ['cpu'],
      warnings: ['the canary gets 9% of the requests with 25% of the pods'],
    },
    ledger: [
      ledgerLine({
        revision: stableRevision,
        verdict: 'Pass',
        outcome: 'Promoted',
        by: 'ana',
        sentence: 'nothing is worse',
      }),
    ],
    conditions: [
      {
        type: 'Ready',
        status: 'Unknown',
        reason: 'Analyzing',
        message: 'the canary is compared with stable',
        lastTransitionTime: '2026-11-20T10:00:10Z',
      },
    ],
  },
});

describe('status', () => {
  it('shows both tracks, every metric, the ledger and what to do next', () => {
    expect(formatStatus(analysing, target(), view)).toMatchInlineSnapshot(`
      "shop/checkout: Analyzing for 2m50s
      comparing the canary with stable until 2026-11-20T10:30:10Z

      Verdict   Undecided: p95 of checkout is 141 ms on canary, 86 ms on stable (limit 103 ms) over 2,703 requests
      Target    Deployment checkout, paused, gate holding
      Settings  gate Admission, promotion Automatic

      TRACK    REVISION     READY   SHARE   AGE   IMAGES
      stable   901a71fe22   3/3     -       -     app=shop/checkout:1.41.0
      canary   50ff8ab66b   1/1     25%     3m    app=shop/checkout:1.42.0

      Evidence  source Prometheus (prom-http); 8,120 requests on stable, 2,703 requests on canary; decision by 2026-11-20T10:30:10Z, 27m left; missing cpu
      METRIC         STABLE    CANARY   DIFFERENCE   INTERVAL        LIMIT   SAMPLES   EVIDENCE          VERDICT
      latency-p95     86 ms    141 ms         +64%   +18% .. +121%    +20%     2,703   ######....  64%   Undecided
      memory        120 MiB   121 MiB            -   -                   -         -   ..........   3%   Pass

      Warnings
        no Service selects the pods
        the canary gets 9% of the requests with 25% of the pods

      LEDGER       OUTCOME    VERDICT   ENDED   BY    SENTENCE
      901a71fe22   Promoted   Pass      53m     ana   nothing is worse

      CONDITION   STATUS    REASON      SINCE   MESSAGE
      Ready       Unknown   Analyzing   2m50s   the canary is compared with stable

      Next
        wait for the end:             tandem wait checkout -n shop
        promote without more tests:   tandem promote checkout -n shop
        take the canary away:         tandem abort checkout -n shop
        keep it from promotion:       tandem hold checkout -n shop
      "
    `);
  });

  it('says of a measurement without a canary that it is of the last test', () => {
    const idle = inPhase('Idle', {}, { analysis: { verdict: 'Pass', sentence: 'nothing is worse' } });
    delete idle.status?.canary;

    expect(formatStatus(idle, undefined, view)).toContain('Verdict   Pass (of the last test): nothing is worse\n');
  });

  it('does not repeat the message in every condition', () => {
    const held = inPhase('Held', { message: 'waits for a person' }, { message: 'waits for a person' });

    expect(formatStatus(held, undefined, view).match(/waits for a person/g)).toHaveLength(1);
  });

  it('shows whole revisions and queries when wide', () => {
    const text = formatStatus(analysing, undefined, { ...view, wide: true });

    expect(text).toContain(stableRevision);
    expect(text).toContain('http_request_duration_seconds_bucket');
  });

  it('colours nothing that is plain and something that is not', () => {
    const escape = '\u001b[';

    expect(formatStatus(analysing, target(), view)).not.toContain(escape);
    expect(formatStatus(analysing, target(), { ...view, style: createStyle(true) })).toContain(escape);
  });

  it('says for a release that no operator has looked at what is missing', () => {
    const fresh = release();
    delete fresh.status;

    expect(formatStatus(fresh, undefined, view)).toMatchInlineSnapshot(`
      "shop/checkout: Unknown

      Verdict   -
      Target    Deployment checkout
      Settings  gate Admission, promotion Automatic

      Next
        no operator has looked at this release yet: kubectl -n tandem-system get pods
      "
    `);
  });

  it('shows the reason of an invalid release, not the verdict of an older one', () => {
    const invalid = inPhase(
      'Invalid',
      {},
      {
        analysis: { sentence: 'old' },
        conditions: [{ type: 'Stalled', status: 'True', reason: 'TargetUnsupported', message: 'strategy is Recreate' }],
      },
    );

    const lines = formatStatus(invalid, undefined, view).split('\n');

    expect(lines.slice(0, 2)).toEqual(['shop/checkout: Invalid for 2m50s', 'strategy is Recreate']);
  });
});

describe('what to do next', () => {
  function next(phase: string, ready = {}): string {
    const text = formatStatus(inPhase(phase, ready), target(), { ...view, program: 'kubectl tandem' });
    return text.slice(text.indexOf('Next\n'));
  }

  it.each([
    ['Idle', 'nothing: the next new template of Deployment checkout is tested'],
    ['Promoting', 'kubectl tandem wait checkout -n shop'],
    ['Held', 'kubectl tandem promote checkout -n shop'],
    ['Rejected', 'kubectl tandem retry checkout -n shop'],
    ['Suspended', 'kubectl patch crel checkout -n shop --type merge'],
    ['Invalid', 'repair what the condition Stalled says'],
  ])('in %s', (phase, line) => {
    expect(next(phase)).toContain(line);
  });

  it('says that an unproven gate does not hold yet', () => {
    expect(next('Idle', { reason: 'NotArmed' })).toContain('the gate is not proven yet');
  });

  it('closes a gate that a person opened', () => {
    const open = target(undefined, { labels: { 'tandem.dev/gate': 'open' } });

    expect(formatStatus(inPhase('Idle', { reason: 'NotArmed' }), open, view)).toContain(
      'kubectl label --overwrite deployment checkout -n shop tandem.dev/gate=armed',
    );
  });

  it('leaves a target that its user paused to the user', () => {
    const paused = target('shop/checkout:1.41.0', { labels: { 'tandem.dev/gate': 'armed' } });

    expect(formatStatus(inPhase('Idle'), paused, view)).toContain('was paused by its user');
  });

  it('proposes resume where a person holds', () => {
    const held = release({ metadata: { annotations: { 'tandem.dev/hold': 'x@2026-11-20T10:00:00Z' } } });

    expect(formatStatus(held, target(), view)).toContain('tandem resume checkout -n shop');
    expect(formatStatus(held, target(), view)).not.toContain('tandem hold');
  });

  it('says how much time is left only while it counts', () => {
    const analysis = { until: '2026-11-20T10:30:10Z' };
    const standing = { ...analysis, standingSince: '2026-11-20T10:01:00Z' };
    const shown = (phase: string, found: object): string =>
      formatStatus(release({ status: { phase, analysis: found } }), target(), view);

    expect(shown('Analyzing', standing)).toContain('Evidence  the deadline stands still for 2m\n');
    expect(shown('Idle', standing)).toContain('Evidence  decision by 2026-11-20T10:30:10Z\n');
    expect(shown('Analyzing', { until: '2026-11-20T10:00:00Z' })).toContain('decision by 2026-11-20T10:00:00Z\n');
  });
});

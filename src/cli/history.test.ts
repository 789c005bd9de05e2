import { describe, expect, it } from 'vitest';
import { formatHistory, formatNamespaces, formatSummary, summarise, summariseNamespaces } from './history.ts';
import { createStyle } from './style.ts';
import { ledgerLine, now, release } from './testing/fixtures.ts';

const view = { wide: false, now, style: createStyle(false) };

const ledger = [
  ledgerLine({ outcome: 'Promoted', verdict: 'Pass', started: '2026-11-20T09:00:00Z', ended: '2026-11-20T09:20:00Z' }),
  ledgerLine({ outcome: 'Promoted', verdict: 'Pass', started: '2026-11-19T09:00:00Z', ended: '2026-11-19T09:40:00Z' }),
  ledgerLine({ outcome: 'RolledBack', started: '2026-11-18T09:00:00Z', ended: '2026-11-18T09:01:00Z' }),
  ledgerLine({ outcome: 'Superseded', verdict: '' }),
  ledgerLine({ outcome: 'Adopted', verdict: '' }),
  ledgerLine({ outcome: 'Promoting', verdict: 'Pass' }),
];

describe('history', () => {
  it('shows what ended, how, and how long it took', () => {
    const [header, first] = formatHistory(release({ status: { ledger } }), view).split('\n');

    expect(header).toMatch(/^REVISION +OUTCOME +VERDICT +TOOK +ENDED +BY +SENTENCE$/);
    expect(first).toMatch(/Promoted +Pass +20m +43m +- +p95 of checkout/);
  });

  it('shows images and whole revisions when asked', () => {
    const text = formatHistory(release({ status: { ledger } }), { ...view, wide: true });

    expect(text).toContain('app=shop/checkout:1.42.0');
    expect(text).toContain(ledgerLine().revision);
  });

  it('shows `-` for an entry without an end', () => {
    const { ended: _, ...open } = ledgerLine({ outcome: 'Promoting', by: 'ann' });

    expect(formatHistory(release({ status: { ledger: [open] } }), view)).toMatch(/Promoting +Regression +- +- +ann/);
  });
});

describe('summary', () => {
  it('counts tested versions only, and takes medians', () => {
    expect(summarise(release({ status: { ledger } }), now)).toEqual({
      namespace: 'shop',
      name: 'checkout',
      target: 'checkout',
      tested: 4,
      promoted: 2,
      takenBack: 1,
      without: 1,
      deploysPerWeek: 2,
      changeFailureRate: 1 / 3,
      medianSecondsToPromoted: 1800,
      medianSecondsToTakenBack: 60,
    });
  });

  it('has no rate and no times without an end', () => {
    const empty = summarise(release({ status: { ledger: [ledgerLine({ outcome: 'Adopted' })] } }), now);

    expect(empty).toMatchObject({ tested: 0, changeFailureRate: null, medianSecondsToPromoted: null });
    expect(formatSummary([empty])).toMatch(/checkout +0 +0 +0 +0 +0 +- +- +-\n$/);
  });

  it('adds up a namespace, its medians over all versions of it', () => {
    const other = release({
      metadata: { name: 'cart' },
      status: {
        ledger: [ledgerLine({ outcome: 'Promoted', started: '2026-11-20T08:00:00Z', ended: '2026-11-20T09:00:00Z' })],
      },
    });
    const elsewhere = release({ metadata: { namespace: 'pay' } });

    const [shop, pay] = summariseNamespaces([release({ status: { ledger } }), other, elsewhere], now);

    expect(shop).toMatchObject({ namespace: 'shop', releases: 2, promoted: 3, deploysPerWeek: 3 });
    expect(shop?.medianSecondsToPromoted).toBe(2400);
    expect(shop?.changeFailureRate).toBe(1 / 4);
    expect(pay).toMatchObject({ namespace: 'pay', releases: 1, tested: 0, deploysPerWeek: 0 });
    expect(formatNamespaces([shop, pay].flatMap((one) => one ?? []))).toBe(
      `NAMESPACE   RELEASES   TESTED   PROMOTED   TAKEN BACK   WITHOUT VERDICT   DEPLOYS/WEEK   TO PROMOTED   FAILURE RATE   TO TAKEN BACK
shop               2        5          3            1                 1              3           40m            25%             60s
pay                1        0          0            0                 0              0             -              -               -
`,
    );
  });
});

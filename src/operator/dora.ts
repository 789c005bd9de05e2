import { Gauge, type Registry } from 'prom-client';
import type { CanaryRelease } from '../api/schema.ts';
import { type DeliveryFigures, deliveryFigures, type Ledger } from '../release/deliveries.ts';

/** Targets with series of their own; those of all others count in their namespace alone. */
const mostTargets = 500;

/** Name of a metric behind its prefix, its help, and what it shows; null is no series, for no data is not zero. */
const gauges: [string, string, (figures: DeliveryFigures) => number | null][] = [
  ['deployments_per_week', 'Versions a week that came to serve, over four weeks.', (one) => one.deploysPerWeek],
  [
    'lead_time_seconds',
    'Median from the change of a template to the end of its promotion.',
    (one) => one.medianSecondsToPromoted,
  ],
  [
    'change_failure_ratio',
    'Versions taken back, of those that were promoted or taken back.',
    (one) => one.changeFailureRate,
  ],
  ['restore_time_seconds', 'Median from the start of a bad version to its end.', (one) => one.medianSecondsToTakenBack],
];

/** The figures of delivery, worked out from ledgers at each scrape: a restart knows what the ledgers know. */
export interface DoraMetrics {
  observe(release: CanaryRelease, target: string, entries: Ledger['entries']): void;
  /** `key`: NAMESPACE/NAME. */
  forget(key: string): void;
}

interface Known {
  namespace: string;
  target: string;
  ledger: Ledger;
}

/** `now`: milliseconds since the epoch. */
export function createDoraMetrics(registry: Registry, now: () => number): DoraMetrics {
  const known = new Map<string, Known>();
  const registers = [registry];
  for (const [name, help, valueOf] of gauges) {
    new Gauge({
      name: `tandem_dora_${name}`,
      help: `${help} As far as the ledger of the release reaches.`,
      labelNames: ['namespace', 'target'],
      registers,
      collect() {
        this.reset();
        for (const { namespace, target, ledger } of shown(known)) {
          const value = valueOf(deliveryFigures([ledger], now()));
          if (value !== null) this.set({ namespace, target }, value);
        }
      },
    });
    new Gauge({
      name: `tandem_dora_namespace_${name}`,
      help: `${help} Of all targets of a namespace together.`,
      labelNames: ['namespace'],
      registers,
      collect() {
        this.reset();
        for (const [namespace, ledgers] of byNamespace(known)) {
          const value = valueOf(deliveryFigures(ledgers, now()));
          if (value !== null) this.set({ namespace }, value);
        }
      },
    });
  }
  new Gauge({
    name: 'tandem_dora_omitted_targets',
    help: `Targets without figures of their own: ${mostTargets} have them, by name.`,
    registers,
    collect() {
      this.set(Math.max(0, known.size - mostTargets));
    },
  });
  return {
    observe: ({ metadata }, target, entries) => {
      const { namespace = '', name, creationTimestamp } = metadata;
      const since = Date.parse(creationTimestamp ?? '');
      const ledger = { entries, since: Number.isFinite(since) ? since : undefined };
      known.set(`${namespace}/${name}`, { namespace, target, ledger });
    },
    forget: (key) => void known.delete(key),
  };
}

/** The same ones at each scrape, in whatever order they were looked at. */
function shown(known: Map<string, Known>): Known[] {
  if (known.size <= mostTargets) return [...known.values()];
  const first = [...known.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(0, mostTargets);
  return first.map(([, one]) => one);
}

function byNamespace(known: Map<string, Known>): Map<string, Ledger[]> {
  const ledgers = new Map<string, Ledger[]>();
  for (const { namespace, ledger } of known.values()) {
    const own = ledgers.get(namespace);
    if (own === undefined) ledgers.set(namespace, [ledger]);
    else own.push(ledger);
  }
  return ledgers;
}

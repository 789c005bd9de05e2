import type { FakeClock } from '../../../src/lib/fake-clock.ts';
import { silentLogger } from '../../../src/lib/log.ts';
import { Receiver } from '../../../src/notify/config.ts';
import type { Delivery } from '../../../src/notify/deliver.ts';
import { cloudEvent } from '../../../src/notify/messages.ts';
import type { Notification, NotificationKind } from '../../../src/notify/notification.ts';
import { createNotifier, type Notifier } from '../../../src/notify/notifier.ts';
import type { Chance } from './chance.ts';
import type { Process } from './process.ts';
import type { Rates } from './rates.ts';

/** A CloudEvent that has arrived. */
export interface Told {
  /** Milliseconds since the epoch, real time. */
  at: number;
  id: string;
  kind: NotificationKind;
  release: string;
  revision: string;
  /** Of what is told, as the operator's clock had it. */
  time: string;
}

export interface ReceiversOptions {
  real: FakeClock;
  rates(): Rates;
  isDown(): boolean;
  fault(kind: string): void;
}

/** One receiver that hears of everything, as a webhook, over a bad connection. */
export interface Receivers {
  notifier(process: Process, chance: Chance): Notifier;
  told: readonly Told[];
}

const receiver = Receiver.parse({ name: 'ci', type: 'webhook', url: 'https://ci.example/hooks/tandem' });
const TIMEOUT_MS = receiver.timeoutSeconds * 1000;

type Fate = 'ok' | 'hangs' | 'answerLost' | Delivery;

export function createReceivers({ real, rates, isDown, fault }: ReceiversOptions): Receivers {
  const told: Told[] = [];

  function fateOf(chance: Chance): Fate {
    const strikes = (kind: keyof Rates): boolean => {
      const hit = chance.happens(rates()[kind]);
      if (hit) fault(kind);
      return hit;
    };
    if (isDown()) {
      fault('receiverDown');
      return { outcome: 'failed', problem: 'ECONNREFUSED' };
    }
    if (strikes('notifyFails')) return { outcome: 'failed', problem: 'HTTP 503' };
    if (strikes('notify429')) return { outcome: 'failed', problem: 'HTTP 429', afterSeconds: chance.pick([1, 5, 60]) };
    if (strikes('notifyHangs')) return 'hangs';
    return strikes('notifyAnswerLost') ? 'answerLost' : 'ok';
  }

  function arrive(notification: Notification): void {
    const event = JSON.parse(cloudEvent(notification, undefined).body) as { id: string; data: Notification };
    const { kind, release, revision, time } = event.data;
    told.push({ at: real.now(), id: event.id, kind, release, revision, time });
  }

  /** As src/notify/deliver.ts, with the process's own clock. */
  function deliver(process: Process, chance: Chance, notification: Notification, over: AbortSignal): Promise<Delivery> {
    return new Promise((resolve) => {
      const fate = fateOf(chance);
      const fails = (problem: string) => (): void => resolve({ outcome: 'failed', problem });
      const stop = fails('AbortError');
      const cancel = process.clock.after(TIMEOUT_MS, () => {
        over.removeEventListener('abort', stop);
        fails('TimeoutError')();
      });
      over.addEventListener('abort', stop, { once: true });
      const slow = chance.happens(rates().notifySlow);
      if (slow) fault('notifySlow');
      const way = (): number => (slow ? chance.between(500, TIMEOUT_MS) : chance.between(1, 30));
      if (fate === 'hangs') return;
      real.after(way(), () => {
        if (fate === 'ok' || fate === 'answerLost') arrive(notification);
        process.deliver(way(), () => {
          cancel();
          over.removeEventListener('abort', stop);
          if (fate === 'answerLost') return fails('ECONNRESET')();
          resolve(typeof fate === 'string' ? { outcome: 'sent' } : fate);
        });
      });
    });
  }

  return {
    told,
    notifier: (process, chance) =>
      createNotifier({
        receivers: [receiver],
        deliver: (_, notification, over) => deliver(process, chance, notification, over),
        clock: process.clock,
        random: chance.next,
        log: silentLogger,
      }),
  };
}

import { createHash } from 'node:crypto';
import type { FakeClock } from '../../../src/lib/fake-clock.ts';
import type { Sandbox } from '../../../src/sandbox/sandbox.ts';
import type { Sent } from './attempt.ts';

/** Everything that was sent and what became of it, in its order, as one number: two histories are the same or not. */
export interface Trace {
  sent(sent: Sent): void;
  after(sent: Sent, error: unknown): void;
  digest(): string;
}

export function createTrace(real: FakeClock, sandbox: Sandbox): Trace {
  const hash = createHash('sha256');
  const line = ({ process, verb, resource, name, body }: Sent, what: string): void => {
    const parts = [real.now(), sandbox.version(), process, verb, resource?.plural, name, what, body];
    hash.update(`${JSON.stringify(parts)}\n`);
  };
  return {
    sent: (sent) => line(sent, 'sent'),
    after: (sent, error) => line(sent, error instanceof Error ? error.message : 'done'),
    digest: () => hash.copy().digest('hex'),
  };
}

import { ApiError } from '../../../src/kube/errors.ts';
import type { Resource } from '../../../src/kube/object.ts';
import type { FakeClock } from '../../../src/lib/fake-clock.ts';
import type { SandboxApi } from '../../../src/sandbox/api.ts';
import type { Chance } from './chance.ts';
import type { Process } from './process.ts';
import type { Rates } from './rates.ts';

/** The client's time for one request, as client.ts has it. */
const TIMEOUT_MS = 30_000;

/** A request as it leaves the process. */
export interface Sent {
  process: string;
  verb: 'get' | 'list' | 'discover' | 'watch' | 'create' | 'replace' | 'patch' | 'delete';
  resource: Resource | undefined;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
  dryRun: boolean;
  body: unknown;
}

export interface WireOptions {
  process: Process;
  /** The process as the API server knows it. */
  api: SandboxApi;
  real: FakeClock;
  chance: Chance;
  rates(): Rates;
  /** Requests that the API server refuses for now. */
  forbids(sent: Sent): boolean;
  fault(kind: string): void;
  /** A request leaves. */
  sent(sent: Sent): void;
  /** The process hears that it is to wait before it asks that again. */
  putOff(sent: Sent, seconds: number): void;
  /** A request is about to take effect. */
  before(sent: Sent): void;
  /** It took effect, or was refused by the API itself. */
  after(sent: Sent, error: unknown): void;
  /** The process is to die here. */
  kill(): void;
  /** The API server forgets its history: a watch that is to go on from before is refused for good. */
  expire(): void;
}

/** `answer`: it takes effect, and this is what the client hears. */
type Fate = 'ok' | 'timeout' | 'killedBefore' | 'killedAfter' | ApiError | { answer: ApiError };

export function isWrite({ verb }: Sent): boolean {
  return verb === 'create' || verb === 'replace' || verb === 'patch' || verb === 'delete';
}

/** A proxy, or the API server's own repetition of a write, may answer so although the write is done. */
const afterwards = ['error500After', 'conflict409After', 'tooMany429After'] as const;

const errors: Record<(typeof afterwards)[number], (chance: Chance) => ApiError> = {
  error500After: () => new ApiError(500, 'InternalError', 'etcd has no leader'),
  conflict409After: () => new ApiError(409, 'Conflict', 'the object has been modified'),
  tooMany429After: (chance) => {
    const retryAfterSeconds = chance.pick([1, 1, 3, 60]);
    return new ApiError(429, 'TooManyRequests', 'too many requests', { retryAfterSeconds });
  },
};

/** What becomes of a request: at most one fault. */
function fateOf(sent: Sent, options: WireOptions): Fate {
  const { chance, fault } = options;
  const rates = options.rates();
  const strikes = (kind: keyof Rates): boolean => {
    const hit = chance.happens(rates[kind]);
    if (hit) fault(kind);
    return hit;
  };
  if (options.forbids(sent)) return new ApiError(403, 'Forbidden', 'forbidden for a while');
  if (strikes('error500')) return errors.error500After(chance);
  if (isWrite(sent) && strikes('conflict409')) return errors.conflict409After(chance);
  if (strikes('tooMany429')) return errors.tooMany429After(chance);
  if (strikes('broken')) return new ApiError(0, 'ECONNRESET', 'the connection broke before the request arrived');
  if (strikes('timeout')) return 'timeout';
  if (strikes('answerLost')) return { answer: new ApiError(0, 'ECONNRESET', 'the answer was lost') };
  if (isWrite(sent)) for (const kind of afterwards) if (strikes(kind)) return { answer: errors[kind](chance) };
  if (isWrite(sent) && strikes('killedBefore')) return 'killedBefore';
  return isWrite(sent) && strikes('killedAfter') ? 'killedAfter' : 'ok';
}

function isAnswered(fate: Fate): fate is { answer: ApiError } {
  return typeof fate === 'object' && 'answer' in fate;
}

export type Effect<T> = () => Promise<T>;

/** Milliseconds on the way: mostly short, sometimes long, so that messages overtake one another. */
export function onTheWay({ chance, rates, fault }: Pick<WireOptions, 'chance' | 'rates' | 'fault'>): number {
  if (!chance.happens(rates().slowCall)) return chance.between(0.2, 8);
  fault('slowCall');
  return chance.between(100, 6000);
}

/** One attempt: the request travels, takes effect or not, and its answer travels back into the process. */
export function attempt<T>(sent: Sent, options: WireOptions, effect: Effect<T>): Promise<T> {
  const { process, real, chance } = options;
  const fate = fateOf(sent, options);
  options.sent(sent);
  return new Promise<T>((resolve, reject) => {
    const answer = (task: () => void): void => process.deliver(onTheWay(options), task);
    const refuse = (error: ApiError): void => {
      if (error.retryAfterSeconds !== undefined) options.putOff(sent, error.retryAfterSeconds);
      reject(error);
    };
    const take = async (): Promise<void> => {
      options.before(sent);
      try {
        const value = await effect();
        options.after(sent, undefined);
        if (isAnswered(fate)) answer(() => refuse(fate.answer));
        else answer(() => resolve(value));
      } catch (error) {
        options.after(sent, error);
        answer(() => reject(error instanceof Error ? error : new Error(String(error))));
      }
      if (fate === 'killedAfter') options.kill();
    };
    if (fate instanceof ApiError) return answer(() => refuse(fate));
    if (fate === 'killedBefore') return options.kill();
    if (fate !== 'timeout') return void real.after(onTheWay(options), () => void take());
    const error = new ApiError(0, 'RequestTimeout', `no complete answer within ${TIMEOUT_MS / 1000} s`);
    process.clock.after(TIMEOUT_MS, () => reject(error));
    if (chance.happens(0.5)) real.after(chance.between(0, 1.5 * TIMEOUT_MS), () => void take());
  });
}

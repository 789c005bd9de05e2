import type { WatchEvent } from '../kube/api.ts';
import { ApiError } from '../kube/errors.ts';
import type { Resource } from '../kube/object.ts';
import type { WatchFault } from './watch.ts';

export type Verb = 'get' | 'list' | 'create' | 'replace' | 'patch' | 'delete' | 'watch' | 'discover';

/** One call of a KubeApi. */
export interface Call {
  /** Counts the calls of the whole sandbox, from 1. */
  number: number;
  username: string;
  verb: Verb;
  /** Absent for `discover`. */
  resource: Resource | undefined;
  namespace: string | undefined;
  name: string | undefined;
  /** `status` or `scale`. */
  subresource: string | undefined;
  dryRun: boolean;
  body: unknown;
}

/**
 * What happens to a call: it works; it fails before it took effect (an ApiError), or after (`after`: the answer is
 * lost); or its process dies, before or after.
 */
export type Fault = 'ok' | ApiError | { after: ApiError } | 'crash' | 'crash-after';

/** The process that called was killed. Not an ApiError: nothing in it may handle this. */
export class CrashError extends Error {
  override readonly name = 'CrashError';
}

type CallHook = (call: Call) => Fault | Promise<Fault>;
type WatchHook = (event: WatchEvent, username: string) => WatchFault;

export interface Faults {
  /** Asked before every call; the last one set for an identity counts. Without `username`: for every identity. */
  before(hook: CallHook, username?: string): void;
  /** Asked for every event of every watch. */
  watch(hook: WatchHook, username?: string): void;
  /** Everything works again. */
  clear(): void;
}

export interface FaultTable extends Faults {
  onCall(call: Call): Fault | Promise<Fault>;
  onEvent(event: WatchEvent, username: string): WatchFault;
}

export function createFaults(): FaultTable {
  const calls = new Map<string, CallHook>();
  const watches = new Map<string, WatchHook>();
  return {
    before: (hook, username = '') => void calls.set(username, hook),
    watch: (hook, username = '') => void watches.set(username, hook),
    clear() {
      calls.clear();
      watches.clear();
    },
    onCall: (call) => (calls.get(call.username) ?? calls.get(''))?.(call) ?? 'ok',
    onEvent: (event, username) => (watches.get(username) ?? watches.get(''))?.(event, username) ?? 'ok',
  };
}

/** A process that stopped answering, for `faults.before`: no answer arrived. */
export function noAnswer(message = 'the connection broke before the answer'): ApiError {
  return new ApiError(0, 'ECONNRESET', message);
}

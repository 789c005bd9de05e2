import type { Clock } from '../lib/clock.ts';
import type { ControllerApi } from './controllers/context.ts';
import type { Store, StoreEvent } from './store/store.ts';

/** Something of a cluster that acts on its own, beside the controllers. */
export interface SandboxPart {
  /** Hears of each change, before the call that made it returns. */
  notify(event: StoreEvent): void;
}

/** What a part of the sandbox works with. */
export interface PartContext {
  /** Writes as the part's own service account, without injected faults. */
  api: ControllerApi;
  store: Store;
  clock: Clock;
}

import type { Stage } from './stage.ts';

/** One proof on the real cluster. */
export interface Case {
  /** Short, unique, lower case with dashes: it names the namespace as well. */
  name: string;
  /** Runs in continuous integration, not only with `--all`. */
  ci: boolean;
  /** It disturbs everybody (Prometheus, the operator): nothing else runs meanwhile. */
  alone?: boolean;
  /** What it proves, for the table. */
  proves: string;
  /** Requests a second from the first version on, for a case that starts no load of its own. */
  load?: number;
  /** Requests of this load that may be lost; 2 when absent. */
  lost?: number;
  run(stage: Stage): Promise<void>;
}

export interface CaseResult {
  name: string;
  proves: string;
  outcome: 'passed' | 'failed' | 'void';
  seconds: number;
  facts: Record<string, string | number>;
  error?: string;
}

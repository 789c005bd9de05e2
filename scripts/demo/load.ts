import { generate } from '../../test/load/generator.ts';
import { total } from '../../test/load/record.ts';

/**
 * Six fast requests to a slow one: neither the median nor p95 lies near the edge of a bucket, where little makes much of
 * a difference. Seven paths and twenty connections have no common divisor, so every pod gets the same mix.
 */
const paths = ['/fast', '/fast', '/slow', '/fast', '/fast', '/fast', '/fast'];
const longest = 24 * 3600;

/** What the users of one Deployment have seen so far. */
export interface LoadCounts {
  requests: number;
  /** Answers of 500 and above. */
  errors: number;
  /** Requests without any answer. */
  lost: number;
  /** By the version that answered. */
  byVersion: Map<string, number>;
}

export interface RunningLoad {
  readonly counts: LoadCounts;
}

/**
 * Sends requests at a fixed rate over kept connections, which the shop ends after some requests each, so that they are
 * spread over its pods anew all the time.
 */
export function startLoad(url: string, rate: number, signal: AbortSignal): RunningLoad {
  const counts: LoadCounts = { requests: 0, errors: 0, lost: 0, byVersion: new Map() };
  const load = { target: new URL(url), rate, mode: 'keepalive' as const, seconds: longest, paths };
  void generate(
    load,
    ({ groups, failed }) => {
      counts.lost += total(failed);
      for (const { version, requests, errors } of groups) {
        counts.requests += requests;
        counts.errors += total(errors);
        counts.byVersion.set(version, (counts.byVersion.get(version) ?? 0) + requests);
      }
    },
    signal,
  );
  return { counts };
}

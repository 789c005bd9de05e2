import { get } from 'node:http';
import { connect } from 'node:net';
import type { Container } from '../../kube/object.ts';
import type { Clock } from '../../lib/clock.ts';
import { asFields, asList, asText, type Fields, isFields } from '../json.ts';
import { portOf } from './environment.ts';

/** How one try of a probe ended; undefined: well. Otherwise what was wrong. */
type Outcome = string | undefined;

const address = '127.0.0.1';

/** Why a probe cannot be carried out here; undefined when it can. */
export function unsupportedProbe(container: Container): string | undefined {
  for (const name of ['readinessProbe', 'livenessProbe', 'startupProbe']) {
    const probe = container[name];
    if (!isFields(probe) || isFields(probe['httpGet']) || isFields(probe['tcpSocket'])) continue;
    return `${name}: the sandbox has httpGet and tcpSocket alone`;
  }
  return undefined;
}

async function tryOnce(probe: Fields, container: Container): Promise<Outcome> {
  const timeout = Number(probe['timeoutSeconds'] ?? 1) * 1000;
  const http = probe['httpGet'];
  const port = portOf(container, asFields(http ?? probe['tcpSocket'])['port']);
  if (port === undefined) return 'there is no such port';
  return isFields(http) ? tryHttp(http, port, timeout) : tryTcp(port, timeout);
}

function tryHttp(action: Fields, port: number, timeout: number): Promise<Outcome> {
  const path = asText(action['path'], '/');
  const headers = Object.fromEntries(
    asList(action['httpHeaders'])
      .map(asFields)
      .map(({ name, value }) => [asText(name), asText(value)]),
  );
  return new Promise((resolve) => {
    const request = get({ host: address, port, path, headers, agent: false }, (response) => {
      response.resume();
      clearTimeout(timer);
      const { statusCode = 0 } = response;
      const good = statusCode >= 200 && statusCode < 400;
      resolve(good ? undefined : `HTTP probe failed with statuscode: ${statusCode}`);
    });
    // The whole answer has to be in in time, not only parts of it.
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeout / 1000} s`)), timeout);
    request.once('error', (error) => {
      clearTimeout(timer);
      resolve(`Get "http://${address}:${port}${path}": ${error.message}`);
    });
  });
}

function tryTcp(port: number, timeout: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout });
    const end = (outcome: Outcome): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.once('connect', () => end(undefined));
    socket.once('timeout', () => end(`no answer within ${timeout / 1000} s`));
    socket.once('error', (error) => end(error.message));
  });
}

export interface ProbeOptions {
  probe: Fields;
  container: Container;
  clock: Clock;
  /** Called whenever as many tries in a row as the thresholds ask for say something else than before. */
  changed: (passes: boolean, message: string) => void;
}

/** Runs a probe over and over from its initial delay on, not passing at first. Returns how to stop it. */
export function startProbe({ probe, container, clock, changed }: ProbeOptions): () => void {
  const period = Number(probe['periodSeconds'] ?? 10) * 1000;
  const threshold = { pass: Number(probe['successThreshold'] ?? 1), fail: Number(probe['failureThreshold'] ?? 3) };
  let passes: boolean | undefined;
  let inRow = 0;
  let lastWas: boolean | undefined;
  let stopped = false;
  let cancel = clock.after(Number(probe['initialDelaySeconds'] ?? 0) * 1000, again);

  function take(outcome: Outcome): void {
    const good = outcome === undefined;
    inRow = good === lastWas ? inRow + 1 : 1;
    lastWas = good;
    if (good === passes || inRow < (good ? threshold.pass : threshold.fail)) return;
    passes = good;
    changed(good, outcome ?? '');
  }

  function again(): void {
    const due = clock.now() + period;
    void tryOnce(probe, container).then((outcome) => {
      if (stopped) return;
      take(outcome);
      if (!stopped) cancel = clock.after(Math.max(0, due - clock.now()), again);
    });
  }

  return () => {
    stopped = true;
    cancel();
  };
}

import type { Pod } from '../../kube/object.ts';
import type { ContainerLog, PodLogs } from '../http/logs.ts';
import type { LogBuffer, LogLine } from './log-buffer.ts';
import type { ProcessNode } from './node.ts';

/** What `kubectl logs` reads of pods that are processes. */
export function podLogs(node: ProcessNode): PodLogs {
  return ({ metadata }: Pod, container, previous) => {
    const log = node.log(metadata.namespace ?? '', metadata.name, { container, previous });
    return log === undefined ? undefined : readerOf(log);
  };
}

function readerOf(log: LogBuffer): ContainerLog {
  return { past: [...log.lines()], follow: (signal) => follow(log, signal) };
}

async function* follow(log: LogBuffer, signal: AbortSignal): AsyncGenerator<LogLine> {
  const waiting: LogLine[] = [];
  let ended = log.ended;
  let wake: () => void = () => undefined;
  const stop = log.follow((line) => {
    if (line === undefined) ended = true;
    else waiting.push(line);
    wake();
  });
  const abort = (): void => {
    ended = true;
    wake();
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    for (;;) {
      yield* waiting.splice(0);
      if (ended || signal.aborted) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    stop();
    signal.removeEventListener('abort', abort);
  }
}

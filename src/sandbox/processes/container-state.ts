import type { Container, ContainerState } from '../../kube/object.ts';
import { timestamp } from '../time.ts';
import type { LogBuffer } from './log-buffer.ts';
import type { Exit } from './process.ts';

const lastLines = 80;
const lastCharacters = 2048;

/** The state of a container whose program has ended. */
export function terminatedState(
  container: Container,
  { exitCode, problem }: Exit,
  log: LogBuffer,
  { isOutOfMemory, now }: { isOutOfMemory: boolean; now: number },
): ContainerState {
  const reason = isOutOfMemory ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
  const message = problem ?? lastWords(container, exitCode, log);
  const finishedAt = timestamp(now);
  return { terminated: { exitCode, reason, ...(message === undefined ? {} : { message }), finishedAt } };
}

function lastWords(container: Container, exitCode: number, log: LogBuffer): string | undefined {
  if (exitCode === 0 || container['terminationMessagePolicy'] !== 'FallbackToLogsOnError') return undefined;
  const lines = log.lines().slice(-lastLines);
  return lines
    .map(({ text }) => text)
    .join('\n')
    .slice(-lastCharacters);
}

/** The state of a container that is started again only in `ms`. */
export function backOffState({ name }: Container, where: string, ms: number): ContainerState {
  const seconds = Math.round(ms / 1000);
  const delay = seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
  const message = `back-off ${delay} restarting failed container=${name} ${where}`;
  return { waiting: { reason: 'CrashLoopBackOff', message } };
}

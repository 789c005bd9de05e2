import { describe, expect, it } from 'vitest';
import { createLogger, type LogLevel } from './pino-log.ts';

function collect(level: LogLevel, fields?: Record<string, unknown>) {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  const log = createLogger({ level, destination, ...(fields === undefined ? {} : { fields }) });
  return { log, lines };
}

describe('createLogger', () => {
  it('writes level, time, message and the fields of the logger, its child and the call', () => {
    const { log, lines } = collect('info', { app: 'tandem' });

    log.child({ release: 'checkout' }).info({ revision: 'abc' }, 'canary started');

    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
        app: 'tandem',
        release: 'checkout',
        revision: 'abc',
        msg: 'canary started',
      },
    ]);
  });

  it('leaves out what is below its level', () => {
    const { log, lines } = collect('warn');

    log.debug({}, 'flow');
    log.info({}, 'news');
    log.warn({}, 'look');

    expect(lines.map((line) => line['msg'])).toEqual(['look']);
  });

  it('writes an error with its message', () => {
    const { log, lines } = collect('error');

    log.error({ error: new Error('no route') }, 'request failed');

    expect(lines[0]?.['error']).toMatchObject({ type: 'Error', message: 'no route' });
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { locate, type PodEndpoint, urlOf } from './address.ts';
import { PodsSource, type PodsSourceInput } from './config.ts';

function pod(changes: Partial<PodEndpoint> = {}): PodEndpoint {
  return {
    ip: '10.1.2.3',
    hostNetwork: false,
    ready: true,
    ports: [{ name: 'http', port: 8080 }],
    annotations: {},
    ...changes,
  };
}

function where(changes: Partial<PodEndpoint>, config: PodsSourceInput = {}): string {
  const located = locate(pod(changes), PodsSource.parse(config));
  return located.ok ? urlOf(located.target) : located.message;
}

describe('locate', () => {
  test.each<[string, Partial<PodEndpoint>, string]>([
    [
      'annotations',
      { annotations: { scrape: 'true', port: '9102', path: '/stats/prometheus' } },
      'http://10.1.2.3:9102/stats/prometheus',
    ],
    ['port annotation alone', { annotations: { port: '9102' } }, 'http://10.1.2.3:9102/metrics'],
    ['scrape with one port', { annotations: { scrape: 'true' } }, 'http://10.1.2.3:8080/metrics'],
    [
      'a named port',
      {
        ports: [
          { name: 'http', port: 80 },
          { name: 'http-metrics', port: 9090 },
        ],
      },
      'http://10.1.2.3:9090/metrics',
    ],
    [
      'metrics before others',
      {
        ports: [
          { name: 'prom', port: 1 },
          { name: 'metrics', port: 2 },
        ],
      },
      'http://10.1.2.3:2/metrics',
    ],
    ['IPv6', { ip: 'fd00::7', annotations: { port: '80' } }, 'http://[fd00::7]:80/metrics'],
  ])('%s', (_, changes, url) => {
    expect(where(changes)).toBe(url);
  });

  test.each<[Partial<PodEndpoint>, string]>([
    [{ annotations: { scrape: 'false', port: '80' } }, 'prometheus.io/scrape is "false"'],
    [{ annotations: {} }, 'no port for metrics'],
    [
      {
        annotations: { scrape: 'true' },
        ports: [
          { name: 'a', port: 1 },
          { name: 'b', port: 2 },
        ],
      },
      'no port for metrics',
    ],
    [{ annotations: { port: '0' } }, 'prometheus.io/port is "0"'],
    [{ annotations: { port: '65536' } }, 'prometheus.io/port is "65536"'],
    [{ annotations: { port: '80@evil.example' } }, 'prometheus.io/port is'],
    [{ annotations: { port: '80', scheme: 'file' } }, 'prometheus.io/scheme is "file"'],
    [{ annotations: { port: '80', scheme: 'https' } }, 'insecureSkipVerify'],
    [{ ip: '' }, 'no address yet'],
    [{ ip: 'evil.example' }, 'no IP address'],
    [{ ip: '127.0.0.1' }, "this machine's own"],
    [{ ip: '127.8.8.8' }, "this machine's own"],
    [{ ip: '::1' }, "this machine's own"],
    [{ ip: '::ffff:127.0.0.1' }, "this machine's own"],
    [{ ip: '169.254.169.254' }, 'none of a pod'],
    [{ ip: '::ffff:169.254.169.254' }, 'none of a pod'],
    [{ ip: '0.0.0.0' }, 'none of a pod'],
    [{ ip: '::' }, 'none of a pod'],
    [{ ip: '224.0.0.1' }, 'none of a pod'],
    [{ ip: 'fe80::1' }, 'none of a pod'],
    [{ hostNetwork: true, annotations: { port: '10250' } }, "the node's network"],
  ])('%j is refused', (changes, message) => {
    expect(where({ annotations: { port: '80' }, ...changes })).toContain(message);
  });

  test.each([
    '//evil.example/x',
    'http://evil.example/',
    'metrics',
    '',
    '/a b',
    '/a\r\nHost: x',
    '/a?b=c',
    '/a#b',
    '/\\evil',
  ])('the path %j is refused', (path) => {
    expect(where({ annotations: { port: '80', path } })).toContain('prometheus.io/path');
  });

  test('what the configuration allows', () => {
    expect(where({ ip: '127.0.0.2', annotations: { port: '80' } }, { allowLoopback: true })).toBe(
      'http://127.0.0.2:80/metrics',
    );
    expect(where({ hostNetwork: true, annotations: { port: '80' } }, { allowHostNetwork: true })).toBe(
      'http://10.1.2.3:80/metrics',
    );
    expect(where({ annotations: { port: '80', scheme: 'https' } }, { insecureSkipVerify: true })).toBe(
      'https://10.1.2.3:80/metrics',
    );
  });

  test('whatever the annotations say, the host is the address of the pod', () => {
    const word = fc.constantFrom(
      '/',
      '//',
      '@',
      ':',
      '?',
      '#',
      '\\',
      '..',
      '%2f',
      'evil.example',
      'http:',
      '80',
      'true',
      'x',
    );
    const tricky = fc.array(word, { maxLength: 6 }).map((words) => words.join(''));
    const annotations = fc.dictionary(fc.constantFrom('scrape', 'port', 'path', 'scheme', 'host'), tricky, {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(annotations, (written) => {
        const located = locate(
          pod({ annotations: written, ports: [{ name: 'metrics', port: 9 }] }),
          PodsSource.parse({}),
        );
        if (located.ok) expect(new URL(urlOf(located.target)).hostname).toBe('10.1.2.3');
      }),
    );
  });
});

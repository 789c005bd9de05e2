import { describe, expect, test } from 'vitest';
import type { Pod } from '../kube/object.ts';
import { endpointOf } from './pod-endpoint.ts';

function pod(changes: { metadata?: object; spec?: object; status?: object } = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-1', namespace: 'shop', ...changes.metadata },
    spec: { containers: [{ name: 'app', ports: [{ containerPort: 8080 }] }], ...changes.spec },
    status: {
      phase: 'Running',
      podIP: '10.0.0.7',
      conditions: [{ type: 'Ready', status: 'True' }],
      ...changes.status,
    },
  };
}

describe('endpointOf', () => {
  test('address, TCP ports of containers and sidecars, annotations of Prometheus', () => {
    const annotations = { 'prometheus.io/port': '9102', 'example.com/other': 'x' };
    const spec = {
      hostNetwork: true,
      containers: [
        { name: 'app', ports: [{ containerPort: 8080 }, { name: 'dns', containerPort: 53, protocol: 'UDP' }] },
        { name: 'agent', ports: [{ name: 'metrics', containerPort: 9090, protocol: 'TCP' }] },
      ],
      initContainers: [
        { name: 'migrate', ports: [{ name: 'gone', containerPort: 1 }] },
        { name: 'proxy', restartPolicy: 'Always', ports: [{ name: 'http-metrics', containerPort: 15_020 }] },
      ],
    };
    expect(endpointOf(pod({ metadata: { annotations }, spec }))).toEqual({
      ip: '10.0.0.7',
      hostNetwork: true,
      ready: true,
      ports: [
        { name: '', port: 8080 },
        { name: 'metrics', port: 9090 },
        { name: 'http-metrics', port: 15_020 },
      ],
      annotations: { port: '9102' },
    });
  });

  test.each([
    ['has no address yet', { status: { podIP: undefined } }],
    ['failed', { status: { phase: 'Failed' } }],
    ['is over', { status: { phase: 'Succeeded' } }],
    ['ends', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }],
  ])('a pod that %s is not asked', (_, changes) => {
    expect(endpointOf(pod(changes))).toBeUndefined();
  });
});

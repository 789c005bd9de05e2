import { Registry, register } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createKubeMetrics } from './metrics.ts';

describe('metrics', () => {
  it('carry the names that dashboards for controllers know', async () => {
    const registry = new Registry();
    const metrics = createKubeMetrics(registry);
    const queue = metrics.queue('releases');
    metrics.client.request('GET', '200', 0.02);
    metrics.client.request('GET', '<error>', 30);
    metrics.informer.objects('pods', 3);
    metrics.informer.listed('pods');
    metrics.informer.watchEnded('pods', 'Expired');
    metrics.leader.leading('tandem', true);
    metrics.events.event('dropped');
    queue.added();
    queue.depth(2);
    queue.waited(0.5);
    queue.worked(1);
    queue.retried();

    const lines = (await registry.metrics())
      .split('\n')
      .filter((line) => !line.startsWith('#') && !line.includes('_bucket'));

    expect(lines.filter((line) => line !== '')).toEqual([
      'rest_client_requests_total{code="200",method="GET"} 1',
      'rest_client_requests_total{code="<error>",method="GET"} 1',
      'rest_client_request_duration_seconds_sum{verb="GET"} 30.02',
      'rest_client_request_duration_seconds_count{verb="GET"} 2',
      'tandem_cache_objects{resource="pods"} 3',
      'tandem_cache_lists_total{resource="pods"} 1',
      'tandem_cache_watch_ends_total{resource="pods",reason="Expired"} 1',
      'leader_election_master_status{name="tandem"} 1',
      'tandem_events_total{outcome="dropped"} 1',
      'workqueue_depth{name="releases"} 2',
      'workqueue_adds_total{name="releases"} 1',
      'workqueue_retries_total{name="releases"} 1',
      'workqueue_queue_duration_seconds_sum{name="releases"} 0.5',
      'workqueue_queue_duration_seconds_count{name="releases"} 1',
      'workqueue_work_duration_seconds_sum{name="releases"} 1',
      'workqueue_work_duration_seconds_count{name="releases"} 1',
    ]);
  });

  it('leave the global registry alone', () => {
    createKubeMetrics(new Registry());

    expect(register.getMetricsAsArray()).toEqual([]);
  });
});

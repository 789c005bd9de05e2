import { describe, expect, it } from 'vitest';
import { ConfigError, operatorUsage, readConfig } from './config.ts';

describe('flags of the dashboard', () => {
  it('leave it off where nothing is said', () => {
    expect(readConfig([], {})).toMatchObject({ dashboardAddress: '0', dashboardHosts: [] });
  });

  it('are flags or variables, and stand in the usage', () => {
    expect(readConfig(['--dashboard-addr', ':8082', '--dashboard-hosts', 'A.example, b.example'], {})).toMatchObject({
      dashboardAddress: ':8082',
      dashboardHosts: ['a.example', 'b.example'],
    });
    expect(readConfig([], { TANDEM_DASHBOARD_ADDR: '127.0.0.1:8082', TANDEM_DASHBOARD_HOSTS: '*' })).toMatchObject({
      dashboardAddress: '127.0.0.1:8082',
      dashboardHosts: ['*'],
    });
    for (const flag of ['--dashboard-addr', '--dashboard-hosts']) expect(operatorUsage).toContain(flag);
  });

  it.each([
    [['--dashboard-addr', '8082'], 'HOST:PORT'],
    [['--dashboard-hosts', 'https://a.example'], 'names without scheme and port'],
    [['--dashboard-hosts', 'a.example:443'], 'names without scheme and port'],
  ])('%j is refused with what to write', (args, told) => {
    expect(() => readConfig(args, {})).toThrow(ConfigError);
    expect(() => readConfig(args, {})).toThrow(told);
  });
});

import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CompletionShell, completionScript, completionShells } from './completion.ts';
import { startCluster, type TestCluster } from './testing/cluster.ts';
import { release } from './testing/fixtures.ts';

let cluster: TestCluster;

beforeEach(async () => {
  cluster = await startCluster();
  cluster.releases.set('checkout', release());
  cluster.releases.set('cart', release({ metadata: { name: 'cart', namespace: 'shop' } }));
});

afterEach(() => cluster.close());

async function offer(...words: string[]): Promise<string[]> {
  cluster.out = '';
  expect(await cluster.run('__complete', '--', ...words)).toBe(0);
  return cluster.out.split('\n').filter((line) => line !== '');
}

describe('what is offered', () => {
  it.each([
    ['commands', ['st'], ['status']],
    ['no command that is not for people', ['__'], []],
    ['names of releases', ['status', ''], ['cart', 'checkout']],
    ['names that begin so', ['promote', 'ch'], ['checkout']],
    ['names after options with values', ['-n', 'shop', 'status', '-o', 'json', 'c'], ['cart', 'checkout']],
    ['formats', ['list', '-o', 'y'], ['yaml']],
    ['namespaces', ['status', '--namespace', ''], ['shop']],
    ['options of the command and of all', ['wait', '--re'], ['--revision']],
    ['global options', ['status', '--kube'], ['--kubeconfig']],
    ['shells', ['completion', ''], [...completionShells].toSorted()],
    ['nothing after the last argument', ['status', 'checkout', ''], []],
  ])('%s', async (_, words, expected) => {
    expect(await offer(...words)).toEqual(expected);
  });

  it('nothing where the cluster does not answer', async () => {
    cluster.interrupt = (_, reply) => reply.failure(403, 'Forbidden', 'no');

    expect(await offer('status', '')).toEqual([]);
  });
});

describe('scripts', () => {
  it.each<[CompletionShell, string]>([
    ['bash', 'bash'],
    ['kubectl', 'sh'],
  ])('%s is one that the shell can read', (shell, program) => {
    const { status, stderr } = spawnSync(program, ['-n'], { input: completionScript(shell), encoding: 'utf8' });

    expect([status, stderr]).toEqual([0, '']);
  });

  it('bash completes by asking the program', () => {
    const session = `tandem() { [ "$1" = __complete ] && [ "$3 $4" = 'status c' ] && printf 'cart\\ncheckout\\n'; }
${completionScript('bash')}
COMP_WORDS=(tandem status c); COMP_CWORD=2; _tandem; echo "\${COMPREPLY[@]}"`;

    expect(spawnSync('bash', ['-c', session], { encoding: 'utf8' }).stdout).toBe('cart checkout\n');
  });

  it('kubectl gets the names and the word that no files are to be offered', () => {
    const script = completionScript('kubectl').replace('kubectl-tandem', 'echo');
    const { stdout } = spawnSync('sh', ['-s', 'status', ''], { input: script, encoding: 'utf8' });

    expect(stdout).toBe('__complete -- status \n:4\n');
  });
});

import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { quoted } from './shell.ts';

it.each(['/home/me/.kube/config', '/Users/me/My Projects/tandem', 'it\'s $HOME `x` \\ "', '', 'für'])(
  'a shell reads %j as it is',
  (word) => {
    expect(execFileSync('sh', ['-c', `printf %s ${quoted(word)}`], { encoding: 'utf8' })).toBe(word);
  },
);

it('leaves alone what needs no quotes', () => {
  expect(quoted('/tmp/demo-1/kubeconfig')).toBe('/tmp/demo-1/kubeconfig');
});

import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { type Deployment, type KubeObject, resources } from '../../../src/kube/object.ts';
import type { CommandResult } from '../kubectl-program.ts';
import { type Case, ref, type Stage, template, until, web } from '../under-test.ts';

const crd = readFileSync(new URL('../../../crds/tandem.dev_canaryreleases.yaml', import.meta.url), 'utf8');

async function run(stage: Stage, args: string[], input?: object): Promise<CommandResult> {
  const { kubectl } = stage.under;
  if (kubectl === undefined) throw new Error('there is no kubectl');
  const words = ['-n', stage.namespace, ...args];
  return kubectl(words, input === undefined ? undefined : JSON.stringify(input));
}

/** What a command prints; it must end well. */
async function says(stage: Stage, args: string[], input?: object): Promise<string> {
  const { code, stdout, stderr } = await run(stage, args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout.trimEnd();
}

/** What a command complains of; it must fail. */
async function complains(stage: Stage, args: string[], input?: object): Promise<string> {
  const { code, stdout, stderr } = await run(stage, args, input);
  if (code === 0) throw new Error(`kubectl ${args.join(' ')} was expected to fail; it said ${stdout}`);
  return stderr;
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

const rollout = ['rollout', 'status', 'deployment/web', '--timeout=100s'];

async function roll(stage: Stage): Promise<void> {
  expect(await says(stage, rollout)).toContain('deployment "web" successfully rolled out');
}

async function start(stage: Stage, verb = 'create'): Promise<void> {
  expect(await says(stage, [verb, '-f', '-'], web(stage))).toBe('deployment.apps/web created');
  await roll(stage);
}

function changed(stage: Stage, version: string): Deployment {
  return web(stage, { version });
}

function configMap(data: Record<string, string>): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data };
}

function get(stage: Stage): Promise<Deployment> {
  return stage.api.get<Deployment>(resources.deployments, ref(stage));
}

export const kubectlCases: Case[] = [
  {
    name: 'get: tables, wide, yaml, jsonpath, names, order, selectors, pages, all',
    async run(stage) {
      await start(stage);
      const [head, row] = lines(await says(stage, ['get', 'deployment', 'web']));
      expect(head).toMatch(/^NAME +READY +UP-TO-DATE +AVAILABLE +AGE$/);
      expect(row).toMatch(/^web +2\/2 +2 +2 +\w+$/);
      const wide = lines(await says(stage, ['get', 'po', '-o', 'wide']));
      expect(wide[0]).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES$/);
      expect(wide.slice(1)).toHaveLength(2);
      for (const line of wide.slice(1))
        expect(line).toMatch(/^web-\S+ +1\/1 +Running +0 +\w+ +[\d.]+ +\S+ +<none> +<none>$/);
      expect((await says(stage, ['get', 'deploy/web', '-o', 'yaml'])).split('\n').slice(0, 2)).toEqual([
        'apiVersion: apps/v1',
        'kind: Deployment',
      ]);
      expect(await says(stage, ['get', 'deploy', 'web', '-o', 'jsonpath={.status.readyReplicas}'])).toBe('2');
      const names = lines(await says(stage, ['get', 'pods', '-o', 'name', '--sort-by=.metadata.name']));
      expect(names).toEqual(names.toSorted());
      const options = ['--chunk-size=1', '-l', 'app=web', '--field-selector=status.phase=Running'];
      expect(lines(await says(stage, ['get', 'pods', '-o', 'name', ...options]))).toEqual(names);
      expect((await run(stage, ['get', 'pods', '-l', 'app=other'])).stderr).toContain('No resources found');
      const all = await says(stage, ['get', 'all']);
      for (const kind of ['pod/web-', 'deployment.apps/web ', 'replicaset.apps/web-']) expect(all).toContain(kind);
    },
  },
  {
    name: 'create, replace, delete, and what they refuse',
    async run(stage) {
      await start(stage);
      expect(await complains(stage, ['create', '-f', '-'], web(stage))).toContain('(AlreadyExists)');
      expect(await says(stage, ['replace', '-f', '-'], changed(stage, 'v2'))).toBe('deployment.apps/web replaced');
      await roll(stage);
      const waiting = run(stage, ['wait', '--for=delete', 'deployment/web', '--timeout=60s']);
      expect(await says(stage, ['delete', 'deployment', 'web'])).toContain('deployment.apps "web" deleted');
      expect((await waiting).code).toBe(0);
      expect(await complains(stage, ['get', 'deployment', 'web'])).toContain(
        'Error from server (NotFound): deployments.apps "web" not found',
      );
      expect(await complains(stage, ['get', 'nosuches'])).toContain(
        'the server doesn\'t have a resource type "nosuches"',
      );
      await says(stage, ['delete', 'deployment', 'web', '--ignore-not-found']);
      await says(stage, ['create', '-f', '-'], configMap({ a: '1' }));
      await says(stage, ['delete', 'configmaps', '--all']);
      expect(await complains(stage, ['get', 'cm', 'settings'])).toContain('(NotFound)');
    },
  },
  {
    name: 'apply: created, unchanged, configured, diff, dry run, and fields that went',
    async run(stage) {
      const first = configMap({ a: '1', b: '2' });
      const second = configMap({ a: '1', c: '3' });
      expect(await says(stage, ['apply', '-f', '-'], first)).toBe('configmap/settings created');
      expect(await says(stage, ['apply', '-f', '-'], first)).toBe('configmap/settings unchanged');
      expect((await run(stage, ['diff', '-f', '-'], first)).code).toBe(0);
      const diff = await run(stage, ['diff', '-f', '-'], second);
      expect(diff.code).toBe(1);
      expect(lines(diff.stdout)).toEqual(expect.arrayContaining(['-  b: "2"', '+  c: "3"']));
      expect(await says(stage, ['apply', '-f', '-', '--dry-run=server'], second)).toBe(
        'configmap/settings configured (server dry run)',
      );
      expect(await says(stage, ['apply', '-f', '-'], second)).toBe('configmap/settings configured');
      expect(await says(stage, ['get', 'cm', 'settings', '-o', 'jsonpath={.data}'])).toBe('{"a":"1","c":"3"}');
    },
  },
  {
    name: 'apply of a Deployment merges what others set',
    async run(stage) {
      await start(stage, 'apply');
      await says(stage, ['scale', 'deployment/web', '--replicas=1']);
      const manifest = changed(stage, 'v2');
      delete manifest.spec.replicas;
      manifest.spec.template.spec.containers.push({ name: 'second', image: 'registry.k8s.io/pause:3.10.1' });
      expect(await says(stage, ['apply', '-f', '-'], manifest)).toBe('deployment.apps/web configured');
      const { spec } = await get(stage);
      expect(spec.template.spec.containers.map(({ name }) => name)).toEqual(['app', 'second']);
      expect(spec.template.spec.containers[0]?.env).toEqual([{ name: 'VERSION', value: 'v2' }]);
    },
  },
  {
    name: 'server-side apply: conflicts, force, and taking over from client-side apply',
    async run(stage) {
      const sent = ['apply', '--server-side', '-f', '-'];
      expect(await says(stage, sent, web(stage))).toBe('deployment.apps/web serverside-applied');
      await says(stage, ['set', 'image', 'deployment/web', 'app=registry.k8s.io/pause:3.9']);
      const refused = await complains(stage, sent, web(stage));
      expect(refused).toContain('Apply failed with 1 conflict: conflict with "kubectl-set" using apps/v1');
      expect(refused).toContain('.spec.template.spec.containers[name="app"].image');
      await says(stage, [...sent, '--force-conflicts'], web(stage));
      const image = '-o=jsonpath={.spec.template.spec.containers[0].image}';
      expect(await says(stage, ['get', 'deploy', 'web', image])).toBe('registry.k8s.io/pause:3.10.1');
      await says(stage, ['apply', '-f', '-'], configMap({ a: '1', b: '2' }));
      await says(stage, sent, configMap({ a: '1' }));
      expect(await says(stage, ['get', 'cm', 'settings', '-o', 'jsonpath={.data}'])).toBe('{"a":"1"}');
    },
  },
  {
    name: 'patch in three ways, annotate, label, scale, set image',
    async run(stage) {
      await start(stage);
      const env = {
        spec: { template: { spec: { containers: [{ name: 'app', env: [{ name: 'MORE', value: '1' }] }] } } },
      };
      await says(stage, ['patch', 'deployment', 'web', '-p', JSON.stringify(env)]);
      await says(stage, ['patch', 'deployment', 'web', '--type=merge', '-p', '{"spec":{"minReadySeconds":1}}']);
      const replace = [{ op: 'replace', path: '/spec/revisionHistoryLimit', value: 3 }];
      await says(stage, ['patch', 'deployment', 'web', '--type=json', '-p', JSON.stringify(replace)]);
      await says(stage, ['annotate', 'deployment/web', 'note=a']);
      await says(stage, ['label', 'deployment/web', 'tier=front']);
      await says(stage, ['set', 'image', 'deployment/web', 'app=registry.k8s.io/pause:3.10.1']);
      expect(await says(stage, ['scale', 'deployment/web', '--replicas=3', '--current-replicas=2'])).toContain(
        'scaled',
      );
      expect(await complains(stage, ['scale', 'deployment/web', '--replicas=3', '--current-replicas=2'])).toContain(
        'Expected replicas to be 2, was 3',
      );
      await roll(stage);
      const { metadata, spec } = await get(stage);
      expect(metadata).toMatchObject({ annotations: { note: 'a' }, labels: { tier: 'front' } });
      expect(spec).toMatchObject({ replicas: 3, minReadySeconds: 1, revisionHistoryLimit: 3 });
      const [container] = spec.template.spec.containers;
      expect(container?.env?.map(({ name }) => name).toSorted()).toEqual(['MORE', 'VERSION']);
      await says(stage, ['label', 'deployment/web', 'tier-']);
      expect(await says(stage, ['get', 'deploy', '-l', 'tier=front', '-o', 'name'])).toBe('');
    },
  },
  {
    name: 'rollout: history, undo, pause, resume, restart',
    async run(stage) {
      await start(stage);
      await says(stage, ['replace', '-f', '-'], changed(stage, 'v2'));
      await roll(stage);
      const history = lines(await says(stage, ['rollout', 'history', 'deployment/web']));
      expect(history.slice(-2).map((line) => line.trim().split(/\s+/)[0])).toEqual(['1', '2']);
      expect(await says(stage, ['rollout', 'undo', 'deployment/web'])).toContain('rolled back');
      await roll(stage);
      expect((await get(stage)).spec.template.spec.containers[0]?.env).toEqual([{ name: 'VERSION', value: 'v1' }]);
      expect(await says(stage, ['rollout', 'pause', 'deployment/web'])).toContain('paused');
      expect(await complains(stage, ['rollout', 'restart', 'deployment/web'])).toContain(
        "can't restart paused deployment",
      );
      expect(await says(stage, ['rollout', 'resume', 'deployment/web'])).toContain('resumed');
      expect(await says(stage, ['rollout', 'restart', 'deployment/web'])).toContain('restarted');
      await roll(stage);
      expect((await get(stage)).metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('4');
    },
  },
  {
    name: 'wait, watch, describe',
    async run(stage) {
      const watching = run(stage, ['get', 'deploy', '-w', '--output-watch-events', '--request-timeout=8s']);
      await says(stage, ['create', '-f', '-'], web(stage));
      await says(stage, ['wait', '--for=condition=Available', 'deployment/web', '--timeout=60s']);
      await says(stage, ['wait', '--for=jsonpath={.status.readyReplicas}=2', 'deployment/web', '--timeout=60s']);
      const described = await says(stage, ['describe', 'deployment', 'web']);
      expect(described).toMatch(/Replicas: +2 desired \| 2 updated \| 2 total \| 2 available \| 0 unavailable/);
      expect(described).toMatch(/NewReplicaSet: +web-\S+ \(2\/2 replicas created\)/);
      expect(await says(stage, ['describe', 'pods', '-l', 'app=web'])).toMatch(/Status: +Running/);
      const seen = lines((await watching).stdout);
      expect(seen[0]).toMatch(/^EVENT +NAME +READY/);
      expect(seen[1]).toMatch(/^ADDED +web +0\/2/);
      expect(seen.slice(2).some((line) => /^MODIFIED +web +2\/2/.test(line))).toBe(true);
    },
  },
  {
    name: 'a container that ends again and again shows in the table',
    async run(stage) {
      await says(stage, ['create', '-f', '-'], web(stage, { replicas: 1, behaviour: 'crash' }));
      await until(stage, 'the crash loop', async () => {
        const [, row = ''] = lines(await says(stage, ['get', 'pods']));
        return /^web-\S+ +0\/1 +(CrashLoopBackOff|Error) +[1-9]\d* \(\w+ ago\)/.test(row);
      });
    },
  },
  {
    name: 'custom kinds: discovery, explain, columns, unknown fields',
    async run(stage) {
      const group = `${stage.namespace}.tandem.dev`;
      const apiVersion = `${group}/v1alpha1`;
      await stage.under.install(crd.replaceAll(/\btandem\.dev\b/g, group));
      const kind = `canaryreleases.${group}`;
      await until(stage, 'the kind', async () => (await run(stage, ['get', kind])).code === 0);
      const found = lines(await says(stage, ['api-resources', `--api-group=${group}`, '--no-headers']));
      expect(found.map((line) => line.trim().split(/\s+/))).toEqual([
        ['canaryreleases', 'crel', apiVersion, 'true', 'CanaryRelease'],
      ]);
      const explained = await until(stage, 'its explanation', async () => {
        const { code, stdout } = await run(stage, ['explain', 'crel.spec.analysis', `--api-version=${apiVersion}`]);
        return code === 0 && stdout;
      });
      expect(explained).toMatch(/KIND: +CanaryRelease/);
      expect(explained).toMatch(/minDuration\s+<string>/);
      const release = {
        apiVersion,
        kind: 'CanaryRelease',
        metadata: { name: 'checkout' },
        spec: { targetRef: { name: 'checkout' } },
      };
      const odd = { ...release, spec: { ...release.spec, unheardOf: 1 } };
      expect(await complains(stage, ['create', '-f', '-'], odd)).toContain(
        'strict decoding error: unknown field "spec.unheardOf"',
      );
      const { stderr } = await run(stage, ['create', '--validate=warn', '-f', '-'], odd);
      expect(stderr).toContain('Warning: unknown field "spec.unheardOf"');
      const [head, row] = lines(await says(stage, ['get', kind]));
      expect(head).toMatch(/^NAME +TARGET +PHASE +VERDICT +STABLE +CANARY +SHARE +AGE$/);
      expect(row).toMatch(/^checkout +checkout +\w+$/);
      expect(await says(stage, ['apply', '-f', '-', '--server-side', '--force-conflicts'], release)).toContain(
        'applied',
      );
    },
  },
  {
    name: "unknown fields of Kubernetes' own kinds",
    async run(stage) {
      const odd = web(stage, { spec: { replica: 3, template: template('v1') } });
      Object.assign(odd.spec.template.spec.containers[0] ?? {}, { imagePullPolice: 'Never' });
      const refused = await complains(stage, ['create', '-f', '-'], odd);
      expect(refused).toContain('Deployment in version "v1" cannot be handled as a Deployment: strict decoding error:');
      expect(refused).toContain('unknown field "spec.replica"');
      expect(refused).toContain('unknown field "spec.template.spec.containers[0].imagePullPolice"');
      const { code, stderr } = await run(stage, ['create', '--validate=warn', '-f', '-'], odd);
      expect(code).toBe(0);
      expect(stderr).toContain('Warning: unknown field "spec.replica"');
      expect((await get(stage)).spec).not.toHaveProperty('replica');
    },
  },
];

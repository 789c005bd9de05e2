import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SERVICE_ACCOUNT } from '../../api/names.ts';
import type { Deployment, KubeObject } from '../../kube/object.ts';
import { baseFiles } from './base-files.ts';
import { configText, isConfig, isOperator, objectsOf, type Rendering, render } from './render.ts';

const root = join(import.meta.dirname, '../../..');
const asked: Rendering = { namespace: 'tandem-system', version: '0.1.0' };
const key = ({ kind, metadata }: KubeObject): string => `${kind}/${metadata.name}`;

/** Without what must differ: who manages it, and how a long expression is broken into lines. */
function normal({ metadata, ...object }: KubeObject): unknown {
  const labels = Object.entries(metadata.labels ?? {}).filter(
    ([name]) => !/^app\.kubernetes\.io\/(managed-by|version)$/.test(name),
  );
  const text = JSON.stringify({ ...object, metadata: { ...metadata, labels: Object.fromEntries(labels) } });
  return JSON.parse(text.replaceAll(/(\\n|\s)+/g, ' '));
}

function kustomize(): string | undefined {
  for (const program of [process.env['KUBECTL'], join(root, '.state/bin/kubectl'), 'kubectl']) {
    try {
      if (program)
        return execFileSync(program, ['kustomize', join(root, 'deploy/kustomize/base')], { encoding: 'utf8' });
    } catch {
      // The next one may be there.
    }
  }
  return undefined;
}

const built = kustomize();
if (built === undefined) console.warn('no kubectl: what install renders is not compared with kubectl kustomize');

function find(objects: KubeObject[], is: (object: KubeObject) => boolean): KubeObject {
  const found = objects.find(is);
  if (found === undefined) throw new Error('there is no such object');
  return found;
}

function config(rendering: Partial<Rendering>): string {
  return configText(find(render(baseFiles(), { ...asked, ...rendering }), isConfig)) ?? '';
}

describe('render', () => {
  it.skipIf(built === undefined)('makes the objects that kubectl kustomize makes, with the same names', () => {
    const theirs = new Map(objectsOf(built ?? '').map((object) => [key(object), normal(object)]));
    const mine = new Map(render(baseFiles(), asked).map((object) => [key(object), normal(object)]));

    expect([...mine.keys()].toSorted()).toEqual([...theirs.keys()].toSorted());
    for (const [name, object] of mine) expect(object, name).toEqual(theirs.get(name));
  });

  it('names the configuration by its content, as kustomize does', () => {
    const text = 'prometheus: []\n';

    const names = render(baseFiles(), { ...asked, config: text }).filter(isConfig);

    // kubectl kustomize of a generator with this file.
    expect(names.map(({ metadata }) => metadata.name)).toEqual(['tandem-config-9h54c7f7b9']);
    const operator = find(render(baseFiles(), { ...asked, config: text }), isOperator) as Deployment;
    expect(JSON.stringify(operator.spec.template.spec.volumes)).toContain('"tandem-config-9h54c7f7b9"');
  });

  it('puts what others need first', () => {
    const kinds = render(baseFiles(), asked).map(({ kind }) => kind);

    expect(kinds.slice(0, 2)).toEqual(['Namespace', 'CustomResourceDefinition']);
    expect(kinds.at(-1)).toBe('Deployment');
  });

  it('moves everything to another namespace, the name in the policies too', () => {
    const objects = render(baseFiles(), { ...asked, namespace: 'release-tools' });

    const text = JSON.stringify(objects.filter((object) => !isConfig(object)));
    expect(text).not.toContain(SERVICE_ACCOUNT);
    expect(text).not.toContain('"namespace":"tandem-system"');
    expect(text.match(/system:serviceaccount:release-tools:tandem/g)?.length).toBeGreaterThan(4);
    expect(find(objects, ({ kind }) => kind === 'Namespace').metadata.name).toBe('release-tools');
  });

  it('takes image and replicas', () => {
    const image = 'registry.example/tandem:1';
    const { spec } = find(render(baseFiles(), { ...asked, image, replicas: 3 }), isOperator) as Deployment;

    expect(spec.replicas).toBe(3);
    expect(spec.template.spec.containers.map((container) => container.image)).toEqual([image]);
  });

  it('changes the address of the source default and keeps the rest, comments too', () => {
    const text = '# ours\nprometheus:\n- name: eu\n  url: http://eu\n- name: default # main\n  url: http://old\n';

    expect(config({ config: text, prometheusUrl: 'http://new:9090' })).toBe(
      text.replace('http://old', 'http://new:9090'),
    );
    expect(config({ config: 'podsSource: {enabled: true}\n', prometheusUrl: 'http://new' })).toContain(
      'prometheus:\n- name: default\n  url: http://new\n',
    );
    expect(config({ config: 'prometheus:\n- name: eu\n  url: http://eu\n', prometheusUrl: 'http://new' })).toContain(
      'name: default',
    );
    expect(config({ prometheusUrl: 'http://new' })).toContain('# tenant: team-a');
  });

  it('refuses a kustomization that it does not understand', () => {
    const files = { ...baseFiles(), 'kustomization.yaml': 'resources: []\nnamePrefix: my-\n' };

    expect(() => render(files, asked)).toThrow('has namePrefix, which install cannot render');
  });
});

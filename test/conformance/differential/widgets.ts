import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { asFields, asList } from '../../../src/sandbox/json.ts';
import type { Target } from './target.ts';

const PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const NAME = 'widgets.differential.tandem.dev';

const ALL = '/apis/differential.tandem.dev/v1/widgets';

/** A run that was ended early may have left objects that wait for their finalizers, and the kind with them. */
async function finishRemoval(target: Target): Promise<void> {
  const { body } = await target.send({ method: 'GET', path: ALL });
  for (const item of asList(asFields(body)['items'])) {
    const { name, namespace } = asFields(asFields(item)['metadata']);
    const path = `/apis/differential.tandem.dev/v1/namespaces/${String(namespace)}/widgets/${String(name)}`;
    const patch = JSON.stringify({ metadata: { finalizers: null } });
    await target.send({ method: 'PATCH', path, type: 'application/merge-patch+json', body: patch });
    await target.send({ method: 'DELETE', path });
  }
}

/** Installs the kind of widgets.yaml and waits until it is served. The answer removes it, where it was not there before. */
export async function installWidgets(target: Target): Promise<() => Promise<void>> {
  const crd: unknown = parse(readFileSync(new URL('widgets.yaml', import.meta.url), 'utf8'));
  const { status, body } = await target.send({ method: 'POST', path: PATH, body: JSON.stringify(crd) });
  if (status === 409) await finishRemoval(target);
  else if (status !== 201) throw new Error(`${target.name}: ${JSON.stringify(body)}`);
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const served = await target.send({ method: 'GET', path: ALL });
    if (served.status === 200) return status === 201 ? () => removeWidgets(target) : async () => undefined;
    // One that was on its way out is gone now.
    await target.send({ method: 'POST', path: PATH, body: JSON.stringify(crd) });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${target.name} does not serve the kind of widgets.yaml`);
}

async function removeWidgets(target: Target): Promise<void> {
  await target.send({ method: 'DELETE', path: `${PATH}/${NAME}` });
}

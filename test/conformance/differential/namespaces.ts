import { asFields, asList, at } from '../../../src/sandbox/json.ts';
import type { Target } from './target.ts';

const USED = [
  '/apis/apps/v1/namespaces/NS/deployments',
  '/apis/apps/v1/namespaces/NS/replicasets',
  '/api/v1/namespaces/NS/pods',
  '/api/v1/namespaces/NS/configmaps',
  '/api/v1/namespaces/NS/secrets',
  '/api/v1/namespaces/NS/services',
  '/apis/differential.tandem.dev/v1/namespaces/NS/widgets',
];

/** One for each way in which kubectl's root certificate gets into every namespace of a real cluster. */
const ROOT = 'kube-root-ca.crt';

async function sendOk(target: Target, method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const type = method === 'PATCH' ? { type: 'application/merge-patch+json' } : {};
  const reply = await target.send({ method, path, ...type, ...sent });
  if (reply.status < 300 || reply.status === 404 || reply.status === 409) return asFields(reply.body);
  throw new Error(`${target.name}: ${method} ${path}: ${JSON.stringify(reply.body)}`);
}

/** Namespaces in which no pod may run, used again when they are empty, for a namespace takes long to go. */
export interface Namespaces {
  take(): Promise<string>;
  giveBack(namespace: string): Promise<void>;
  end(): Promise<void>;
}

async function create(target: Target): Promise<string> {
  const metadata = { generateName: 'differential-' };
  const made = await sendOk(target, 'POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata });
  const name = String(at(made, 'metadata', 'name'));
  const quota = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'no-pods' },
    spec: { hard: { pods: '0' } },
  };
  await sendOk(target, 'POST', `/api/v1/namespaces/${name}/resourcequotas`, quota);
  if (target.name === 'sandbox') {
    const root = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: ROOT }, data: { 'ca.crt': '' } };
    await sendOk(target, 'POST', `/api/v1/namespaces/${name}/configmaps`, root);
  }
  return name;
}

/** Empties it; false while something is still there. */
async function sweep(target: Target, namespace: string): Promise<boolean> {
  const left = await Promise.all(
    USED.map(async (path) => {
      const collection = path.replace('NS', namespace);
      const items = asList((await sendOk(target, 'GET', collection))['items']);
      const own = items.filter((item) => at(item, 'metadata', 'name') !== ROOT);
      for (const item of own) {
        const object = `${collection}/${String(at(item, 'metadata', 'name'))}`;
        if (asList(at(item, 'metadata', 'finalizers')).length > 0) {
          await sendOk(target, 'PATCH', object, { metadata: { finalizers: null } });
        }
        await sendOk(target, 'DELETE', object, { propagationPolicy: 'Background', gracePeriodSeconds: 0 });
      }
      return own.length;
    }),
  );
  return left.every((count) => count === 0);
}

const free = new Map<Target, string[]>();

export function createNamespaces(target: Target): Namespaces {
  const empty = free.get(target) ?? [];
  free.set(target, empty);
  return {
    take: async () => empty.pop() ?? (await create(target)),
    async giveBack(namespace) {
      // A sandbox has room for any number.
      if (target.name === 'sandbox') return;
      for (let attempt = 0; attempt < 100; attempt += 1) {
        if (await sweep(target, namespace)) {
          empty.push(namespace);
          return;
        }
        await target.settle();
      }
    },
    async end() {
      for (const namespace of empty) await sendOk(target, 'DELETE', `/api/v1/namespaces/${namespace}`);
    },
  };
}

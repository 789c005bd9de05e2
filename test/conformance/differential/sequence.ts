import { asFields, asText, at, clone, isFields } from '../../../src/sandbox/json.ts';
import { mergePatch } from '../../../src/sandbox/patch/merge.ts';
import { normalise, normaliseEvents } from './normalise.ts';
import type { Answer, Operation, Reply } from './operation.ts';
import type { Target } from './target.ts';

/** What is remembered while a sequence runs. */
interface Memory {
  namespace: string;
  /** By path: the first version of an object, and its uid. */
  first: Map<string, { version: string; uid: string }>;
  list: { version: string; token: string };
}

/** The path of the object of a subresource's path. */
function objectPath(path: string): string {
  return path.replace(/\/(status|scale)$/, '');
}

async function currentOf(target: Target, path: string): Promise<Record<string, unknown>> {
  const { status, body } = await target.send({ method: 'GET', path });
  return status === 200 ? asFields(body) : {};
}

function versionOf(object: unknown): string {
  return asText(at(object, 'metadata', 'resourceVersion'));
}

function filled(value: unknown, places: Record<string, string>): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(
      /<(namespace|uid|version now|version first|version list|continue)>/g,
      (_, name: string) => places[name] ?? '',
    );
  }
  if (Array.isArray(value)) return value.map((item) => filled(item, places));
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, filled(field, places)]));
}

async function sendOnce(target: Target, memory: Memory, operation: Operation): Promise<Reply> {
  const path = operation.path.replaceAll('<namespace>', memory.namespace);
  const text = JSON.stringify(operation);
  const needsCurrent = operation.overCurrent === true || text.includes('<version now>');
  const current = needsCurrent ? await currentOf(target, path) : {};
  const known = memory.first.get(objectPath(path));
  const places = {
    namespace: memory.namespace,
    uid: known?.uid ?? '00000000-0000-4000-8000-000000000000',
    'version now': versionOf(current),
    'version first': known?.version ?? '1',
    'version list': memory.list.version,
    continue: memory.list.token,
  };
  const { method, query, type } = operation;
  const merged = operation.overCurrent === true ? mergePatch(clone(current), operation.body) : operation.body;
  const body = filled(merged, places);
  const options = new URLSearchParams(filled(query ?? {}, places) as Record<string, string>).toString();
  return target.send({
    method,
    path: options === '' ? path : `${path}?${options}`,
    ...(type === undefined ? {} : { type }),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** A controller may write between reading the version and using it: then again. */
async function send(target: Target, memory: Memory, operation: Operation): Promise<Reply> {
  const races = operation.overCurrent === true || JSON.stringify(operation).includes('<version now>');
  for (let attempt = 0; ; attempt += 1) {
    const reply = await sendOnce(target, memory, operation);
    if (reply.status !== 409 || !races || attempt === 2) return reply;
    await target.settle();
  }
}

function remember(memory: Memory, operation: Operation, { status, body }: Reply): void {
  const metadata = asFields(asFields(body)['metadata']);
  if (status >= 300) return;
  const version = asText(metadata['resourceVersion']);
  if (Array.isArray(asFields(body)['items'])) {
    memory.list = { version, token: asText(metadata['continue']) };
    return;
  }
  const path = operation.path.replaceAll('<namespace>', memory.namespace);
  const key = operation.method === 'POST' ? `${path}/${asText(metadata['name'])}` : objectPath(path);
  const dryRun = operation.query?.['dryRun'] !== undefined;
  if (!dryRun && version !== '' && !memory.first.has(key)) {
    memory.first.set(key, { version, uid: asText(metadata['uid']) });
  }
}

export interface Course {
  answers: Answer[];
  /** What the server said in words, for people. */
  replies: Reply[];
  /** Events by collection. */
  events: Record<string, unknown[]>;
}

/** Sends a sequence, one after the other, to a namespace that has none of its objects. */
export async function runSequence(
  target: Target,
  namespace: string,
  operations: Operation[],
  watched: string[] = [],
): Promise<Course> {
  const memory: Memory = { namespace, first: new Map(), list: { version: '1', token: '' } };
  const starts = await Promise.all(watched.map((path) => currentOf(target, path.replaceAll('<namespace>', namespace))));
  const course: Course = { answers: [], replies: [], events: {} };
  for (const operation of operations) {
    const reply = await send(target, memory, operation);
    remember(memory, operation, reply);
    course.answers.push(normalise(reply, namespace));
    course.replies.push(reply);
    if (operation.method !== 'GET' && operation.path.includes('/deployments')) await target.settle();
  }
  const seen = watched.map(async (collection, index) => {
    const path = collection.replaceAll('<namespace>', namespace);
    const events = await target.watch(`${path}?watch=1&resourceVersion=${versionOf(starts[index])}`);
    course.events[collection] = normaliseEvents(events, namespace);
  });
  await Promise.all(seen);
  return course;
}

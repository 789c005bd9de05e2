import type { Pod } from '../../kube/object.ts';
import { type ApiContext, perform } from '../api.ts';
import { notFound } from '../server/failures.ts';
import { type Form, negotiate } from './accept.ts';
import { type Answer, methodNotAllowed, ok, pathNotFound } from './answer.ts';
import { parseBody } from './body.ts';
import { aggregated, coreVersions, groupList, groupOne, resourceList } from './discovery.ts';
import { includeObjectOf, OBJECT_FORMS } from './forms.ts';
import { type PodLogs, serveLog } from './logs.ts';
import { serveObjects } from './objects.ts';
import { openapiDocument, openapiIndex } from './openapi.ts';
import { type HttpRequest, parseResourcePath, type ResourcePath } from './request.ts';
import { answerReview, reviews } from './reviews.ts';
import { findServed, type Served } from './served.ts';

/** What the server knows besides the store. */
export interface Routes {
  context: ApiContext;
  logs: PodLogs | undefined;
  /** `127.0.0.1:PORT` */
  address(): string;
}

/** The Kubernetes version whose behaviour the sandbox shows. */
const VERSION = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.0+tandem-sandbox',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: 'node',
  platform: `${process.platform}/${process.arch}`,
};

const DISCOVERY_FORMS = [
  'APIGroupDiscoveryList.v2.apidiscovery.k8s.io',
  'APIGroupDiscoveryList.v2beta1.apidiscovery.k8s.io',
];

function found(value: unknown): Answer {
  if (value === undefined) throw pathNotFound();
  return ok(value);
}

function discoveryForm(request: HttpRequest): Form {
  return negotiate(request.headers.accept, DISCOVERY_FORMS);
}

function serveOpenApi({ context }: Routes, request: HttpRequest): Answer {
  const [, version, ...group] = request.path;
  // Documents in the older form are protobuf; clients that ask for JSON go on to v3 after a 404.
  if (version !== 'v3') throw pathNotFound();
  if (group.length === 0) return ok(openapiIndex(context));
  return found(openapiDocument(context, group.slice(1).join('/')));
}

async function serveReview(routes: Routes, request: HttpRequest, path: ResourcePath): Promise<Answer | undefined> {
  const review = reviews.find(({ apiVersion, plural }) => apiVersion === path.apiVersion && plural === path.plural);
  if (review === undefined) return undefined;
  if (request.method !== 'POST' || path.name !== undefined) throw methodNotAllowed();
  const body = parseBody(await request.body(), request.headers['content-type']);
  return { status: 201, json: answerReview(routes.context, review, request.user, body) };
}

function isPodLog({ apiVersion, plural, subresource }: ResourcePath): boolean {
  return apiVersion === 'v1' && plural === 'pods' && subresource === 'log';
}

async function servePodLog(routes: Routes, request: HttpRequest, served: Served, path: ResourcePath): Promise<Answer> {
  const { context, logs } = routes;
  if (request.method !== 'GET') throw methodNotAllowed();
  const { namespace, name = '' } = path;
  const target = { resource: served.stored, ref: { namespace, name }, subresource: 'log' };
  return perform(context, request.user, 'get', target, () => {
    const pod = context.store.get(served.stored, namespace, name);
    if (pod === undefined) throw notFound(served, name);
    return serveLog(logs, pod as Pod, request, context.clock.now());
  });
}

async function serveResource(
  routes: Routes,
  request: HttpRequest,
  apiVersion: string,
  parts: string[],
): Promise<Answer> {
  const path = parseResourcePath(apiVersion, parts);
  if (path === undefined) throw pathNotFound();
  const review = await serveReview(routes, request, path);
  if (review !== undefined) return review;
  const { context } = routes;
  const served = findServed(context, apiVersion, path.plural);
  if (served === undefined || (!served.namespaced && path.namespace !== undefined)) throw pathNotFound();
  if (isPodLog(path)) return servePodLog(routes, request, served, path);
  const how = {
    form: negotiate(request.headers.accept, OBJECT_FORMS),
    includeObject: includeObjectOf(request.query),
    now: context.clock.now(),
  };
  return serveObjects({ context, request, served, path, how });
}

function serveCore(routes: Routes, request: HttpRequest): Answer | Promise<Answer> {
  const { context } = routes;
  const [, version, ...rest] = request.path;
  if (version === undefined) {
    const form = discoveryForm(request);
    return ok(form.as === undefined ? coreVersions(routes.address()) : aggregated(context, true, form.version), form);
  }
  if (rest.length === 0) return found(resourceList(context, version));
  return serveResource(routes, request, version, rest);
}

function serveGroups(routes: Routes, request: HttpRequest): Answer | Promise<Answer> {
  const { context } = routes;
  const [, group, version, ...rest] = request.path;
  if (group === undefined) {
    const form = discoveryForm(request);
    return ok(form.as === undefined ? groupList(context) : aggregated(context, false, form.version), form);
  }
  if (version === undefined) return found(groupOne(context, group));
  const apiVersion = `${group}/${version}`;
  if (rest.length === 0) return found(resourceList(context, apiVersion));
  return serveResource(routes, request, apiVersion, rest);
}

const HEALTH = ['healthz', 'livez', 'readyz'];

/** Answers a request by its path. Throws ApiError. */
export async function route(routes: Routes, request: HttpRequest): Promise<Answer> {
  const [first, ...rest] = request.path;
  if (first === 'api') return serveCore(routes, request);
  if (first === 'apis') return serveGroups(routes, request);
  if (request.method !== 'GET') throw methodNotAllowed();
  if (first === 'openapi') return serveOpenApi(routes, request);
  if (first === 'version' && rest.length === 0) return ok(VERSION);
  if (first !== undefined && HEALTH.includes(first)) return { status: 200, text: 'ok' };
  if (first === undefined) return ok({ paths: ['/api', '/apis', '/healthz', '/openapi/v3', '/version'] });
  throw pathNotFound();
}

import type { WatchEvent, WatchOptions } from '../../kube/api.ts';
import { ApiError } from '../../kube/errors.ts';
import { type ApiContext, perform } from '../api.ts';
import { badRequest } from '../server/failures.ts';
import { watchStore } from '../watch.ts';
import { contentTypeOf } from './accept.ts';
import { type Answer, statusOf } from './answer.ts';
import { presentObject } from './forms.ts';
import { selectorsOf } from './list.ts';
import { metadataOf, type Presentation } from './presentation.ts';
import { flag, type HttpRequest, numeric } from './request.ts';
import { type Served, shown } from './served.ts';

function optionsOf(request: HttpRequest, namespace: string | undefined): WatchOptions {
  const { query, signal } = request;
  const version = query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(version)) throw badRequest(`resourceVersion: Invalid value: ${JSON.stringify(version)}`);
  const timeoutSeconds = numeric(query, 'timeoutSeconds');
  return {
    ...selectorsOf(query),
    ...(namespace === undefined ? {} : { namespace }),
    ...(version === '' ? {} : { resourceVersion: version }),
    ...(timeoutSeconds === undefined || timeoutSeconds === 0 ? {} : { timeoutSeconds }),
    sendInitialEvents: initialEvents(query),
    signal,
  };
}

/** As the API server checks it: a watch-list names how old its start may be. */
function initialEvents(query: URLSearchParams): boolean {
  const match = query.get('resourceVersionMatch') ?? '';
  const given = query.has('sendInitialEvents');
  const problem = (field: string, message: string): ApiError =>
    new ApiError(422, 'Invalid', `ListOptions.meta.k8s.io "" is invalid: ${field}: ${message}`);
  if (!given && match !== '') {
    throw problem(
      'resourceVersionMatch',
      'Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    );
  }
  if (given && match !== 'NotOlderThan') {
    throw problem(
      'resourceVersionMatch',
      'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    );
  }
  return flag(query, 'sendInitialEvents');
}

/** The objects of events in the form that was asked for; a table names its columns once. */
function createPresenter(served: Served, how: Presentation): (event: WatchEvent) => unknown {
  let first = true;
  return ({ type, object }) => {
    if (type === 'BOOKMARK') return how.form.as === undefined ? shown(served, object) : metadataOf(object);
    const result = presentObject(served, object, how, first);
    first = false;
    return result;
  };
}

function line(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}

/** The lines of a watch. What ends it early is its last line, an ERROR event, unless its connection is to break. */
async function* lines(
  events: AsyncIterable<WatchEvent>,
  show: (event: WatchEvent) => unknown,
  bookmarks: boolean,
): AsyncGenerator<string> {
  try {
    for await (const event of events) {
      if (event.type !== 'BOOKMARK' || bookmarks) yield line(event.type, show(event));
    }
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === 0) throw error;
    yield line('ERROR', statusOf(error));
  }
}

/** Answers a watch: a stream of events, one JSON object a line. */
export async function watchResource(
  context: ApiContext,
  request: HttpRequest,
  served: Served,
  namespace: string | undefined,
  how: Presentation,
): Promise<Answer> {
  if (how.form.encoding !== 'json') {
    throw new ApiError(406, 'NotAcceptable', 'watches are served as application/json only');
  }
  const options = optionsOf(request, namespace);
  const { user } = request;
  return perform(context, user, 'watch', { resource: served, ref: { namespace } }, () => {
    const { store, clock, faults } = context;
    const fault = (event: WatchEvent): ReturnType<typeof faults.onEvent> => faults.onEvent(event, user.username);
    const source = { store, clock, resource: served.stored, fault };
    const events = watchStore(source, options, () => () => undefined);
    const bookmarks = flag(request.query, 'allowWatchBookmarks');
    return {
      status: 200,
      stream: lines(events, createPresenter(served, how), bookmarks),
      contentType: contentTypeOf(how.form),
    };
  });
}

import { type Clock, monotonicNow } from '../lib/clock.ts';
import { deltaOf, type PlotData, type PlotDelta } from './plot-data.ts';
import type { Page } from './view/page.ts';

/** A page as it is now, with the data of its plots. */
export interface Shown {
  page: Page;
  data: PlotData | undefined;
}

/** What one viewer lacks. */
export interface Update {
  title: string;
  announce: string;
  frame: string;
  /** All of the content, where its parts changed. */
  main?: string;
  /** Content that changed, by id. */
  regions?: Record<string, string>;
  /** Where the viewer has the version that it starts from; else all is to be read. */
  course?: PlotDelta | { to: string };
}

export interface Viewer {
  /**
   * Resolves when there is something new, or `quiet` after so many milliseconds without: then the page is looked at again
   * all the same. `gone`: there is no such page any more; `closed`: nobody tells any more.
   */
  next(milliseconds: number): Promise<Update | 'quiet' | 'gone' | 'closed'>;
  leave(): void;
}

export interface HubOptions {
  clock: Clock;
  /** The page at a path as it is now; undefined: there is none. */
  show(path: string): Promise<Shown | undefined>;
  /** Viewers at once, over all pages. */
  most: number;
  /** A page is made no more often. */
  everyMilliseconds: number;
}

/** Makes each page once for all of its viewers, and only while there are any. */
export interface Hub {
  /** `frame`: of the page that the viewer has. undefined: too many look already. */
  join(path: string, frame: string): Viewer | undefined;
  /** Something on these pages may be different. */
  touch(isConcerned: (path: string) => boolean): void;
  /** Ends all viewers. */
  close(): void;
}

interface Topic {
  viewers: Set<{ wake(): void }>;
  shown: Shown | undefined;
  before: PlotData | undefined;
  /** Counts what was made; 0: nothing yet. */
  version: number;
  changed: Map<string, number>;
  gone: boolean;
  dirty: boolean;
  madeAt: number;
  making: boolean;
}

export function createHub({ clock, show, most, everyMilliseconds }: HubOptions): Hub {
  const topics = new Map<string, Topic>();
  let viewers = 0;
  let closed = false;

  function schedule(path: string, topic: Topic): void {
    if (topic.making || !topic.dirty) return;
    topic.making = true;
    const wait = Math.max(0, topic.madeAt + everyMilliseconds - monotonicNow(clock));
    clock.after(wait, () => {
      void make(path, topic).finally(() => {
        topic.making = false;
        if (topic.viewers.size > 0) schedule(path, topic);
      });
    });
  }

  async function make(path: string, topic: Topic): Promise<void> {
    if (topic.viewers.size === 0) return;
    topic.dirty = false;
    topic.madeAt = monotonicNow(clock);
    try {
      const shown = await show(path);
      topic.gone = shown === undefined;
      if (shown !== undefined) take(topic, shown);
    } catch {
      // Viewers keep what they have; the next look may succeed.
      return;
    }
    for (const viewer of topic.viewers) viewer.wake();
  }

  function join(path: string, frame: string): Viewer | undefined {
    if (viewers >= most || closed) return undefined;
    viewers += 1;
    const topic = topics.get(path) ?? newTopic();
    topics.set(path, topic);
    // Its content may be old: it was made for those who left.
    topic.dirty = true;
    const seen = { version: 0, frame, course: undefined as string | undefined };
    let woken: (() => void) | undefined;
    const viewer = { wake: () => woken?.() };
    topic.viewers.add(viewer);
    schedule(path, topic);

    function leave(): void {
      if (!topic.viewers.delete(viewer)) return;
      viewers -= 1;
      if (topic.viewers.size === 0 && topics.get(path) === topic) topics.delete(path);
      woken?.();
    }

    async function next(milliseconds: number): Promise<Update | 'quiet' | 'gone' | 'closed'> {
      if (!hasNews(topic, seen) && !topic.gone && !closed)
        await new Promise<void>((resolve) => {
          const cancel = clock.after(milliseconds, resolve);
          woken = () => {
            cancel();
            resolve();
          };
        });
      woken = undefined;
      if (closed) return 'closed';
      if (topic.gone) return 'gone';
      if (hasNews(topic, seen)) return updateFor(topic, seen);
      // Not all that a page shows is told of: who leads, and what is kept of past releases.
      topic.dirty = true;
      schedule(path, topic);
      return 'quiet';
    }

    return { next, leave };
  }

  return {
    join,
    touch(isConcerned) {
      for (const [path, topic] of topics) {
        if (!isConcerned(path)) continue;
        topic.dirty = true;
        schedule(path, topic);
      }
    },
    close() {
      closed = true;
      for (const { viewers: all } of topics.values()) for (const viewer of all) viewer.wake();
    },
  };
}

function newTopic(): Topic {
  return {
    viewers: new Set(),
    shown: undefined,
    before: undefined,
    version: 0,
    changed: new Map(),
    gone: false,
    dirty: false,
    madeAt: Number.NEGATIVE_INFINITY,
    making: false,
  };
}

/** Notes what is different from what was made before. */
function take(topic: Topic, shown: Shown): void {
  const { regions, frame } = shown.page;
  const old = topic.shown;
  const next = topic.version + 1;
  const ids = [...regions.keys()].filter((id) => old?.page.regions.get(id) !== regions.get(id));
  const isNew = ids.length > 0 || old?.page.frame !== frame || old.data?.version !== shown.data?.version;
  topic.before = old?.data;
  topic.shown = shown;
  if (!isNew) return;
  topic.version = next;
  for (const id of topic.changed.keys()) if (!regions.has(id)) topic.changed.delete(id);
  for (const id of ids) topic.changed.set(id, next);
}

interface Seen {
  version: number;
  frame: string;
  course: string | undefined;
}

function hasNews(topic: Topic, seen: Seen): boolean {
  return topic.shown !== undefined && topic.version > seen.version;
}

/** The update from what a viewer has seen; takes note that it has it now. */
function updateFor(topic: Topic, seen: Seen): Update {
  const { shown } = topic;
  if (shown === undefined) throw new Error('there is no page yet');
  const { page, data } = shown;
  const { title, announce, frame } = page;
  const update: Update = { title, announce, frame };
  if (frame !== seen.frame) update.main = page.main.text;
  else {
    const ids = [...page.regions].filter(([id]) => (topic.changed.get(id) ?? 0) > seen.version);
    update.regions = Object.fromEntries(ids);
  }
  if (data !== undefined && data.version !== seen.course)
    update.course =
      topic.before !== undefined && topic.before.version === seen.course
        ? deltaOf(topic.before, data)
        : { to: data.version };
  Object.assign(seen, { version: topic.version, frame, course: data?.version });
  return update;
}

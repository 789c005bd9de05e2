import type { Update } from '../hub.ts';
import { replaceContent } from './replace.ts';

export interface Followers {
  /** All of the content was replaced. */
  onContent(): void;
  onRegions(): void;
  onCourse(course: NonNullable<Update['course']>): void;
}

/** Milliseconds a page has been hidden before it lets go of its connection: a browser has six for one server. */
const hiddenMilliseconds = 5000;

/** Keeps the page current while somebody looks at it. */
export function follow(main: HTMLElement, followers: Followers): void {
  const path = main.dataset['live'];
  if (path === undefined) return;
  const url = new URL(path, location.href);
  let source: EventSource | undefined;
  let hiding: ReturnType<typeof setTimeout> | undefined;

  function open(): void {
    if (source !== undefined) return;
    url.searchParams.set('frame', main.dataset['frame'] ?? '');
    const own = new EventSource(url);
    source = own;
    own.addEventListener('open', () => say('live', 'live'));
    own.addEventListener('error', () => {
      // After a refusal (too many look) the browser does not come back by itself.
      if (own.readyState === EventSource.CLOSED) {
        say('off', 'as of the last update');
        close();
        setTimeout(open, 30_000);
      } else say('lost', 'connection lost, trying again');
    });
    own.addEventListener('update', (event) => apply(JSON.parse(String(event.data)) as Update));
    own.addEventListener('gone', () => {
      say('off', 'this release is gone');
      close();
      setTimeout(open, 5000);
    });
  }

  function close(): void {
    source?.close();
    source = undefined;
  }

  function apply(update: Update): void {
    if (document.title !== update.title) document.title = update.title;
    if (update.main !== undefined) {
      replaceContent(main, update.main);
      main.dataset['frame'] = update.frame;
      url.searchParams.set('frame', update.frame);
      followers.onContent();
    }
    for (const [id, content] of Object.entries(update.regions ?? {})) {
      const element = document.getElementById(id);
      if (element !== null) replaceContent(element, content);
    }
    if (update.regions !== undefined) followers.onRegions();
    if (update.course !== undefined) followers.onCourse(update.course);
    announce(main, update.announce);
  }

  document.addEventListener('visibilitychange', () => {
    clearTimeout(hiding);
    if (document.visibilityState === 'visible') open();
    else
      hiding = setTimeout(() => {
        close();
        say('off', 'paused');
      }, hiddenMilliseconds);
  });
  if (document.visibilityState === 'visible') open();
}

function say(state: string, text: string): void {
  const element = document.querySelector<HTMLElement>('#live');
  if (element === null || element.dataset['state'] === state) return;
  element.dataset['state'] = state;
  element.textContent = text;
}

/** Only what a person has to know: a phase or a verdict that changed, not each figure. */
function announce(main: HTMLElement, text: string): void {
  if (main.dataset['announce'] === text) return;
  main.dataset['announce'] = text;
  const element = document.querySelector('#announce');
  if (element !== null) element.textContent = text;
}

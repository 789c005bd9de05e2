import type { CanaryRelease, CanaryReleaseStatus, Phase } from '../../api/schema.ts';
import { Html, html, type Part } from '../../lib/html.ts';
import type { PhaseMark } from '../source.ts';
import { icon, moment, type Tone, toneOfPhase } from './pieces.ts';

/** Two marks of one phase nearer than that are one: status and watch tell it by clocks of their own. */
const nearMilliseconds = 3000;

/**
 * The phases of the release that runs, or of the last one, oldest first. Status tells the great moments, also after a
 * restart; the journal what lay between them.
 */
export function timelineOf(release: CanaryRelease, seen: readonly PhaseMark[]): PhaseMark[] {
  const status = release.status;
  if (status?.phase === undefined) return [];
  const marks = [...seen, ...marksOf(status)].filter(({ at }) => !Number.isNaN(Date.parse(at)));
  const sorted = marks.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const begun = sorted.findLastIndex(({ phase }) => phase === 'Starting');
  return sorted.slice(Math.max(0, begun)).filter((mark, index, all) => isNew(mark, all[index - 1]));
}

function isNew(mark: PhaseMark, before: PhaseMark | undefined): boolean {
  return before === undefined || before.phase !== mark.phase;
}

function marksOf({ phase, phaseSince, canary, analysis, ledger = [] }: CanaryReleaseStatus): PhaseMark[] {
  const now = phase === undefined ? [] : markOf(phase, phaseSince);
  // Without a test there was no start: a version that was adopted has nothing but its phase.
  if (canary === undefined && analysis?.since === undefined) return now;
  const started = markOf('Starting', canary?.started ?? ledger[0]?.started);
  const compared = markOf('Analyzing', canary?.since ?? analysis?.since);
  const last = Date.parse(phaseSince ?? '');
  const isPast = ({ at }: PhaseMark): boolean => !(Date.parse(at) > last - nearMilliseconds);
  const isOfThis = ({ at }: PhaseMark): boolean => started.every((start) => Date.parse(at) >= Date.parse(start.at));
  return [...started.filter(isPast), ...compared.filter(isPast).filter(isOfThis), ...now];
}

function markOf(phase: Phase, at: string | undefined): PhaseMark[] {
  return at === undefined ? [] : [{ phase, at }];
}

export interface TimelineEnds {
  /** While it is to come. */
  deadline?: string | undefined;
  /** Where the last phase is over. */
  ended?: string | undefined;
}

export function timeline(marks: readonly PhaseMark[], { deadline, ended }: TimelineEnds): Html {
  const steps = marks.map(({ phase, at }, index) => {
    const until = marks[index + 1]?.at ?? ended;
    const current = new Html(until === undefined ? 'aria-current="step"' : '');
    const lasted = until === undefined ? html`for ${moment(at, 'age')}` : took(at, until);
    return step(toneOfPhase(phase), phase, at, lasted, current);
  });
  const ahead =
    deadline === undefined ? '' : step('quiet', 'Deadline', deadline, moment(deadline, 'left'), new Html('data-ahead'));
  return html`<ol class="timeline">${steps}${ahead}</ol>`;
}

function step(tone: Tone, title: string, at: string, aside: Part, attributes: Html): Html {
  return html`<li class="${tone}" ${attributes}>${icon(tone)}<b>${title}</b><span>${moment(at)}</span><span class="aside">${aside}</span></li>`;
}

/** How long a step took. */
export function took(from: string, until: string): string {
  const seconds = Math.max(0, Math.round((Date.parse(until) - Date.parse(from)) / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

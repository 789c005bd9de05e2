import type { CanaryRelease, CanaryReleaseStatus, Phase } from '../../api/schema.ts';
import { formatCount } from '../../cli/format.ts';
import { type Html, html, type Part } from '../../lib/html.ts';
import { icon, moment, type Tone, toneOfPhase, toneOfVerdict } from './pieces.ts';

/** A release is under way: what status says of its analysis is of now. */
export function isRunning(status: CanaryReleaseStatus | undefined): boolean {
  return status?.canary !== undefined;
}

interface Said {
  tone: Tone;
  title: string;
  sentence: string;
}

const quietPhases: Partial<Record<Phase, Pick<Said, 'tone' | 'title'>>> = {
  Idle: { tone: 'good', title: 'Stable' },
  Suspended: { tone: 'notice', title: 'Suspended' },
  Invalid: { tone: 'bad', title: 'Invalid' },
};

/** The one thing that a person wants to know. */
function saidOf(status: CanaryReleaseStatus | undefined): Said {
  const { analysis, phase, message = '' } = status ?? {};
  if (phase === undefined)
    return { tone: 'quiet', title: 'Not looked at yet', sentence: 'No operator has looked at this release yet.' };
  const quiet = isRunning(status) ? undefined : quietPhases[phase];
  if (quiet !== undefined) return { ...quiet, sentence: message };
  if (analysis?.verdict === undefined) return { tone: toneOfPhase(phase), title: phase, sentence: message };
  const open = analysis.verdict === 'Undecided' && isRunning(status);
  const tone = phase === 'Rejected' ? 'bad' : toneOfVerdict(analysis.verdict);
  return { tone, title: open ? 'Undecided so far' : analysis.verdict, sentence: analysis.sentence || message };
}

export function verdict({ status }: CanaryRelease): Html {
  const { tone, title, sentence } = saidOf(status);
  const { analysis, message = '' } = status ?? {};
  const facts = isRunning(status) ? factsOf(analysis) : lastTest(status);
  return verdictCard({ tone, title, sentence, message: message === sentence ? '' : message, facts });
}

/** The verdict as the first thing on a page: by shape, word and colour. */
export function verdictCard({ tone, title, sentence, message, facts }: Said & { message: string; facts: Part }): Html {
  const more = message === '' ? '' : html`<p class="message">${message}</p>`;
  return html`<div class="verdict ${tone}">${icon(tone)}<div><p class="word">${title}</p><p class="sentence">${sentence}</p>${more}${facts}</div></div>`;
}

function factsOf(analysis: CanaryReleaseStatus['analysis']): Html {
  const { requests, until, standingSince, source, preset, missing = [] } = analysis ?? {};
  const stands = standingSince === undefined ? '' : ', the clock stands still';
  return facts([
    requests && ['Requests on canary', formatCount(requests.canary)],
    requests && ['on stable', formatCount(requests.stable)],
    until === undefined ? undefined : ['Decision', html`${moment(until, 'left')}${stands}`],
    source === undefined ? undefined : ['Source', preset ? `${source} (${preset})` : source],
    missing.length === 0 ? undefined : ['Not exported by stable', missing.join(', ')],
  ]);
}

/** Terms and what they are, as far as they are known. */
export function facts(all: readonly (readonly [term: string, is: Part] | undefined)[]): Html {
  const known = all.flatMap((fact) => (fact === undefined ? [] : [fact]));
  return html`<dl class="facts">${known.map(([term, is]) => html`<div><dt>${term}</dt><dd>${is}</dd></div>`)}</dl>`;
}

/** What the figures below speak of, where nothing runs. */
function lastTest(status: CanaryReleaseStatus | undefined): Part {
  const { analysis, ledger = [], phase } = status ?? {};
  if (analysis?.verdict === undefined || phase === 'Rejected') return undefined;
  const { ended } = ledger[0] ?? {};
  const when = ended === undefined ? '' : html` at ${moment(ended)}`;
  return html`<p class="aside">The last test ended${when} with ${analysis.verdict}: ${analysis.sentence}</p>`;
}

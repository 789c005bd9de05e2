import { eachLimited } from '../limited.ts';
import { type PodLabels, podLabels } from '../presets.ts';
import type { PrometheusApi } from '../prometheus/client.ts';
import type { EvidenceRequest, WatchedPod } from '../request.ts';
import { type CustomReadings, type CustomTrack, take } from './readings.ts';
import { renderQuery } from './render.ts';

/** Questions for one release in one round: after a restart the past is read in pieces. */
const MOST_QUESTIONS = 120;
const PARALLEL = 2;
/** An answer of one series is short; a longer one is a mistake that must not cost the operator its memory. */
const MOST_BYTES = 1024 * 1024;

/** What is asked for one release. */
export interface CustomRound {
  request: EvidenceRequest;
  readings: readonly CustomReadings[];
  /** The labels of the metrics that were found; absent: the first ones that are tried. */
  labels: PodLabels | undefined;
  slotMs: number;
}

interface Question {
  readings: CustomReadings;
  track: CustomTrack;
  pods: string[];
  at: number;
}

/**
 * Asks what is open: each metric once for each track at the start of each slot, the oldest first. A metric whose question
 * failed is asked again in the next round. Returns whether anything was asked, and whether anything was answered.
 */
export async function askCustom(
  api: PrometheusApi,
  round: CustomRound,
  now: number,
): Promise<{ asked: boolean; answered: boolean }> {
  const { request, readings } = round;
  const labels = round.labels ?? podLabels[0];
  if (labels === undefined) return { asked: false, answered: false };
  const failing = new Set<CustomReadings>();
  let isDown = false;
  const questions = openQuestions(round, now).slice(0, MOST_QUESTIONS);
  await eachLimited(questions, PARALLEL, async ({ readings: one, track, pods, at }) => {
    if (isDown || failing.has(one)) return;
    const query = renderQuery(one.pieces, { namespace: request.namespace, pods, labels });
    const answer = await api.query(query, at, { maxBytes: MOST_BYTES });
    if (answer.kind === 'failed') failing.add(one);
    // One time-out for a server that does not answer, not one for each question.
    isDown ||= answer.kind === 'failed' && answer.error.code === 'Unreachable';
    take(one, track, at, answer);
  });
  const asked = questions.length > 0;
  return { asked, answered: asked && failing.size < readings.length };
}

function openQuestions({ request, readings, slotMs }: CustomRound, now: number): Question[] {
  const tracks: [CustomTrack, string[]][] = [
    ['canary', namesOf(request.canaryPods)],
    ['stable', namesOf(request.stablePods)],
  ];
  const asked = tracks.filter(([, pods]) => pods.length > 0);
  const questions: Question[] = [];
  // Half a slot late: what was scraped at that moment has arrived by then.
  for (let at = request.startedAt; at + slotMs / 2 <= now; at += slotMs) {
    for (const one of readings) {
      const open = asked.filter(([track]) => !one.values[track].has(at));
      questions.push(...open.map(([track, pods]) => ({ readings: one, track, pods, at })));
    }
  }
  return questions;
}

function namesOf(pods: readonly WatchedPod[]): string[] {
  return pods.map(({ name }) => name);
}

/** The query of a metric as it is asked for the canary, for status. */
export function customQueryText({ pieces }: CustomReadings, request: EvidenceRequest, labels?: PodLabels): string {
  const used = labels ?? podLabels[0];
  const pods = namesOf(request.canaryPods).slice(0, 20);
  return used === undefined ? '' : renderQuery(pieces, { namespace: request.namespace, pods, labels: used });
}

import { commandAnnotations, GATE_LABEL } from '../api/names.ts';
import { CliError, type ExitCode, exitCodes } from './exit.ts';
import { formatRevision } from './format.ts';
import { heldRevision } from './held-revision.ts';
import {
  conditionOf,
  type LedgerLine,
  messageOf,
  phaseOf,
  type Release,
  type Target,
  targetNameOf,
} from './release.ts';

export type CommandName = 'promote' | 'abort' | 'retry' | 'hold' | 'resume';

export interface CommandRequest {
  command: CommandName;
  /** `promote --next`. */
  next: boolean;
  /** The revision, or its beginning, that the person means; the held one if absent. */
  revision?: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/** What a command does to the CanaryRelease: annotations to merge (null removes one), or nothing and why. */
export type CommandPlan =
  | { kind: 'Write'; annotations: Record<string, string | null>; sentence: string }
  | { kind: 'Nothing'; exitCode: ExitCode; sentence: string };

/** What a command means in one phase. `{revision}` and `{target}` stand for the names. */
type Rule = { write: string } | { nothing: string; exitCode: ExitCode };

const nothingHeld: Rule = {
  nothing: 'nothing is held: {target} runs revision {revision} on all its pods',
  exitCode: exitCodes.failure,
};
const rollingBack: Rule = {
  nothing: 'revision {revision} is being taken back; wait for the end of that (tandem wait)',
  exitCode: exitCodes.failure,
};
const promoting = (why: string): Rule => ({
  nothing: `revision {revision} is being promoted already${why}`,
  exitCode: exitCodes.failure,
});
const promote: Rule = { write: 'revision {revision} will be promoted now, without waiting for a verdict' };
const abort: Rule = { write: 'the canary of revision {revision} will be taken away; {target} stays on stable' };
const hold: Rule = {
  write: 'revision {revision} is not promoted before somebody says resume or promote; a regression still takes it back',
};
const testing: Rule = { nothing: 'revision {revision} is being tested already', exitCode: exitCodes.ok };

/** A version that was taken away without a proof has no canary any more, and still waits for a person. */
const unproven: Record<Exclude<CommandName, 'resume'>, Rule> = {
  promote,
  abort: { nothing: 'the canary of revision {revision} is gone already', exitCode: exitCodes.ok },
  retry: { write: 'revision {revision} will be tested again' },
  hold: {
    nothing: 'revision {revision} has no canary any more; it stays held until retry or promote',
    exitCode: exitCodes.failure,
  },
};

const rules: Record<Exclude<CommandName, 'resume'>, Record<string, Rule>> = {
  promote: {
    Starting: promote,
    Analyzing: promote,
    Held: promote,
    Rejected: { write: 'revision {revision} will be promoted although it was rejected' },
    Promoting: { nothing: 'revision {revision} is being promoted already', exitCode: exitCodes.ok },
    RollingBack: rollingBack,
    Idle: {
      nothing: `${nothingHeld.nothing}; to let the next template through untested use promote --next`,
      exitCode: exitCodes.failure,
    },
  },
  abort: {
    Starting: abort,
    Analyzing: abort,
    Held: abort,
    Rejected: { nothing: 'revision {revision} is rejected already; nothing of it runs', exitCode: exitCodes.ok },
    Promoting: promoting(', which is not taken back; to go back set the template of {target} to the older version'),
    RollingBack: { nothing: 'revision {revision} is being taken back already', exitCode: exitCodes.ok },
    Idle: nothingHeld,
  },
  retry: {
    Starting: testing,
    Analyzing: testing,
    Held: { write: 'revision {revision} will be tested again, from the start' },
    Rejected: { write: 'revision {revision} will be tested again' },
    Promoting: promoting(''),
    RollingBack: rollingBack,
    Idle: nothingHeld,
  },
  hold: {
    Starting: hold,
    Analyzing: hold,
    Held: hold,
    Rejected: {
      nothing: 'revision {revision} is rejected; it stays held until retry or promote',
      exitCode: exitCodes.failure,
    },
    Promoting: promoting(''),
    RollingBack: rollingBack,
    Idle: nothingHeld,
  },
};

/**
 * Decides from the state that was read what a command writes. Throws CliError when the command cannot be meant so
 * (another revision waits, the release is invalid).
 */
export function planCommand(request: CommandRequest, release: Release, target: Target): CommandPlan {
  if (request.command === 'resume') return planResume(release);
  assertUsable(release);
  if (request.command === 'promote' && request.next) return planNext(request, release);
  if (target === undefined) {
    const message = `Deployment ${targetNameOf(release)} does not exist, so there is no version to ${request.command}`;
    throw new CliError(exitCodes.unusable, message);
  }
  const revision = heldRevision(release, target, request.revision);
  const rule = ruleFor(request.command, release, target, revision);
  const fill = (text: string): string =>
    text
      .replaceAll('{revision}', formatRevision(revision))
      .replaceAll('{target}', `Deployment ${targetNameOf(release)}`);
  if (rule === undefined) {
    const sentence = `this version of the command line does not know phase ${phaseOf(release)}`;
    return { kind: 'Nothing', exitCode: exitCodes.failure, sentence };
  }
  if ('nothing' in rule) return { kind: 'Nothing', exitCode: rule.exitCode, sentence: fill(rule.nothing) };
  const key = commandAnnotations[request.command];
  return { kind: 'Write', annotations: { [key]: stamp(revision, request.now, release) }, sentence: fill(rule.write) };
}

function ruleFor(
  command: Exclude<CommandName, 'resume'>,
  release: Release,
  target: NonNullable<Target>,
  revision: string,
): Rule | undefined {
  const phase = phaseOf(release);
  const entry = release.status?.ledger?.find((line: LedgerLine) => line.revision === revision);
  if (phase === 'Held' && entry?.outcome === 'NotProven') return unproven[command];
  // Held with the gate armed is a promotion that cannot go on: what helps stands in the message.
  if (phase === 'Held' && target.metadata.labels?.[GATE_LABEL] === 'armed') {
    return {
      nothing: `revision {revision} is being promoted already; ${messageOf(release)}`,
      exitCode: exitCodes.failure,
    };
  }
  const rule = rules[command][phase];
  if (target.spec.replicas !== 0 || rule === undefined || 'nothing' in rule) return rule;
  return { write: `once {target} is scaled up again: ${rule.write}` };
}

function planResume(release: Release): CommandPlan {
  const key = commandAnnotations.hold;
  if ((release.metadata.annotations?.[key] ?? '') === '') {
    return { kind: 'Nothing', exitCode: exitCodes.ok, sentence: 'no person holds this release' };
  }
  return {
    kind: 'Write',
    annotations: { [key]: null },
    sentence: 'the hold is taken off; the release goes on by itself',
  };
}

function planNext(request: CommandRequest, release: Release): CommandPlan {
  if (request.revision !== undefined) {
    throw new CliError(
      exitCodes.usage,
      '--next and --revision exclude each other',
      'the next template has no revision yet',
    );
  }
  const sentence = `the next new template of Deployment ${targetNameOf(release)} will roll out without a test; exactly that one`;
  const annotations = { [commandAnnotations.promote]: stamp('next', request.now, release) };
  return { kind: 'Write', annotations, sentence };
}

function assertUsable(release: Release): void {
  const name = release.metadata.name;
  if (release.metadata.deletionTimestamp !== undefined) {
    throw new CliError(exitCodes.unusable, `CanaryRelease ${name} is being deleted`);
  }
  if (release.spec?.suspend === true || phaseOf(release) === 'Suspended') {
    const hint = 'set spec.suspend to false first; nothing was written';
    throw new CliError(exitCodes.unusable, `CanaryRelease ${name} is suspended`, hint);
  }
  if (phaseOf(release) !== 'Invalid') return;
  const stalled = conditionOf(release, 'Stalled');
  const why = `${stalled?.reason ?? 'Invalid'}: ${stalled?.message ?? 'see its conditions'}`;
  throw new CliError(exitCodes.unusable, `CanaryRelease ${name} cannot run: ${why}`, 'nothing was written');
}

/**
 * REVISION@RFC3339. The operator goes by when it sees the text, and the time makes it another text than the last one.
 * Older operators compare it with their ledger, so it is never before an entry there, and no later than need be.
 */
function stamp(revision: string, now: number, release: Release): string {
  const ends = (release.status?.ledger ?? []).map(({ ended }) => Date.parse(ended ?? ''));
  const newest = Math.max(...ends.filter(Number.isFinite), Number.NEGATIVE_INFINITY);
  return `${revision}@${new Date(Math.max(now, newest + 1)).toISOString()}`;
}

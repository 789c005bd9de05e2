import { matchRevision } from '../api/commands.ts';
import { revisionOf } from '../release/revision.ts';
import { CliError, exitCodes } from './exit.ts';
import { formatRevision } from './format.ts';
import { type Release, sameRevision, type Target, targetNameOf } from './release.ts';

const wholeLength = 32;

/** A revision or the beginning of one as a person gives it. Throws CliError (wrong usage) for anything else. */
export function parseRevision(text: string): string {
  const revision = text.toLowerCase();
  if (/^[0-9a-f]{10,32}$/.test(revision)) return revision;
  const hint = 'give 10 to 32 of its hexadecimal digits, as `tandem status` shows them';
  throw new CliError(exitCodes.usage, `${JSON.stringify(text)} is no revision`, hint);
}

/** The operator's picture of the target is the one that was just read. */
export function targetIsObserved(release: Release, target: NonNullable<Target>): boolean {
  const seen = release.status?.target;
  if (seen?.revision === undefined || (seen.uid !== undefined && seen.uid !== target.metadata.uid)) return false;
  if (seen.generation !== undefined && seen.generation === target.metadata.generation) return true;
  return sameRevision(seen.revision, revisionOf(target.spec.template));
}

/**
 * The whole revision that the target's template has, which is the one a command is about: status shows ten digits,
 * commands need all 32 so that approving one version never approves another. `prefix`, if given, must begin this
 * revision and no other known one. Throws CliError that says why it cannot be told.
 */
export function heldRevision(release: Release, target: NonNullable<Target>, prefix?: string): string {
  if (release.status?.phase === undefined) {
    const message = `no operator has looked at CanaryRelease ${release.metadata.name} yet`;
    throw new CliError(exitCodes.failure, message, 'is it running? kubectl -n tandem-system get pods');
  }
  if (!targetIsObserved(release, target)) {
    const message = `the operator has not looked at the newest template of Deployment ${targetNameOf(release)} yet`;
    throw new CliError(exitCodes.failure, message, 'try again in a few seconds');
  }
  const shown = release.status?.target?.revision ?? '';
  const known = [...new Set([revisionOf(target.spec.template), ...ledgerRevisions(release)])];
  const held = shown.length === wholeLength ? shown : theOnly(known.filter((revision) => revision.startsWith(shown)));
  if (held === undefined) {
    const message = `revision ${shown} of the status matches no template that can be read`;
    throw new CliError(exitCodes.failure, message, 'the command line and the operator may be of different versions');
  }
  if (prefix !== undefined) assertMeans(prefix, held, known);
  return held;
}

function ledgerRevisions(release: Release): string[] {
  return (release.status?.ledger ?? []).map(({ revision }) => revision);
}

function theOnly(revisions: string[]): string | undefined {
  return revisions.length === 1 ? revisions[0] : undefined;
}

function assertMeans(prefix: string, held: string, known: string[]): void {
  const match = matchRevision(prefix, [...known, held]);
  if (match.kind === 'One' && match.revision === held) return;
  if (match.kind === 'Many' && match.revisions.includes(held)) {
    const message = `revision ${prefix} could be ${match.revisions.join(' or ')}`;
    throw new CliError(exitCodes.unusable, message, 'give more digits; nothing was written');
  }
  const message = `revision ${prefix} is not the one that waits, which is ${formatRevision(held)}`;
  throw new CliError(exitCodes.unusable, message, 'nothing was written');
}

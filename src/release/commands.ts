import { type Command, type CommandName, commandNames, parseCommandOf } from '../api/commands.ts';
import { commandAnnotations } from '../api/names.ts';
import type { CanaryReleaseStatus } from '../api/schema.ts';
import type { Draft } from './draft.ts';
import { momentOf, newestOf } from './moment.ts';

/** Texts of each command that are remembered: one that comes back (a tool applied an older manifest) is no new one. */
const remembered = 4;

/**
 * Writes down when each command was seen first. That, and not the time that stands in it, is when it was given: the
 * clocks of the people who write commands and of the operator need not agree, and the operator wrote all the times
 * that a command is compared with.
 */
export function noteCommands(draft: Draft): void {
  const { status, snapshot } = draft;
  const annotations = snapshot.release.metadata.annotations ?? {};
  const before = status.commands;
  const moment = momentOf(status, snapshot.now);
  const seen = before ?? [];
  const fresh = commandNames.flatMap((command) => {
    const text = annotations[commandAnnotations[command]] ?? '';
    const read = parseCommandOf(annotations, command);
    if (read === undefined || seen.some((one) => one.command === command && one.text === text)) return [];
    const at = before === undefined ? ofOldOperator(read, status, snapshot.now) : after(moment, status);
    return [{ command, text, seen: new Date(at).toISOString() }];
  });
  const all = [...fresh, ...seen];
  status.commands = all.filter(
    ({ command }, index) => all.slice(0, index).filter((one) => one.command === command).length < remembered,
  );
}

/** Later than everything that is written down: what stood there when the command was given was decided before it. */
function after(moment: number, status: CanaryReleaseStatus): number {
  return moment === newestOf(status) ? moment + 1 : moment;
}

/** An operator that did not write down what it saw went by the time in the command. It may have followed this one. */
function ofOldOperator({ at }: Command, status: CanaryReleaseStatus, now: number): number {
  if (at <= now) return at;
  const newest = newestOf(status);
  return Number.isFinite(newest) ? newest : now;
}

/** The command of that name with the time when it was seen; undefined where there is none or it cannot be read. */
export function commandOf({ status, snapshot }: Draft, name: CommandName): Command | undefined {
  const { annotations } = snapshot.release.metadata;
  const command = parseCommandOf(annotations, name);
  const text = annotations?.[commandAnnotations[name]];
  const noted = status.commands?.find((one) => one.command === name && one.text === text);
  if (command === undefined || noted === undefined) return undefined;
  return { ...command, at: Date.parse(noted.seen) };
}
